import { useContext } from 'react';
import { AuthContext } from './auth-provider.tsx';
import type { SessionSnapshot } from './session-snapshot.ts';

/** The result of {@link useSession}. */
export interface UseSession extends SessionSnapshot {
  /** Fetches the session from the server again. */
  readonly reload: () => Promise<void>;
}

/**
 * Returns the session in a client component. The status is `loading` until the server has responded.
 *
 * @throws Error without `<AuthProvider>`
 * @example
 * ```ts
 * import { useSession } from '@countersign/next/client';
 *
 * export function UserName() {
 *   const { session, status } = useSession();
 *   return status === 'loading' ? '...' : (session?.user.name ?? 'guest');
 * }
 * ```
 */
export function useSession(): UseSession {
  const context = useContext(AuthContext);
  if (!context)
    throw new Error('useSession() needs an <AuthProvider> above it, for example in app/layout.tsx.');
  const { session, status, reload } = context;
  return { session, status, reload };
}
