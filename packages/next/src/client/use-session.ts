import { useContext } from 'react';
import { AuthContext, type AuthContextValue } from './auth-provider.tsx';
import type { SessionSnapshot } from './session-snapshot.ts';

/** The result of {@link useSession}. */
export interface UseSession extends SessionSnapshot {
  /**
   * Seconds until the session ends if it is not used again. `undefined` if the user is not signed in, and during the first
   * rendering. It changes every 30 seconds, and every second in the last five minutes. The clock of the browser may
   * be wrong: after a request for the session, the clock of the server decides.
   */
  readonly expiresIn: number | undefined;
  /** Fetches the session from the server again. It counts as use of the session. */
  readonly reload: () => Promise<void>;
  /**
   * Extends the idle lifetime of the session immediately, but not beyond `session.endsAt`.
   *
   * @throws Error if the server cannot be reached, or responds with status 500 or above
   */
  readonly extend: () => Promise<void>;
}

/**
 * Returns the session in a client component. The status is `loading` until the server has responded.
 *
 * @throws Error without `<AuthProvider>`
 * @see https://nextjs.org/docs/app/api-reference/directives/use-client
 * @example
 * ```ts
 * import { useSession } from '@countersign/next/client';
 *
 * export function UserName() {
 *   const { session, status } = useSession();
 *   return status === 'loading' ? '...' : (session?.user.name ?? 'signed out');
 * }
 * ```
 */
export function useSession(): UseSession {
  const { session, status, expiresIn, reload, extend } = useAuthContext();
  return { session, status, expiresIn, reload, extend };
}

/** @throws Error without `<AuthProvider>` */
export function useAuthContext(): AuthContextValue {
  const context = useContext(AuthContext);
  if (context) return context;
  throw new Error('useSession() needs an <AuthProvider> above it, for example in app/layout.tsx.');
}
