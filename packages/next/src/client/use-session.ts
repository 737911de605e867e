import { useContext } from 'react';
import { AuthContext } from './auth-provider.tsx';
import type { SessionSnapshot } from './session-store.ts';

export interface UseSession extends SessionSnapshot {
  /** Asks the server again. */
  readonly reload: () => Promise<void>;
}

/** The session in a client component; `loading` until the server has said. */
export function useSession(): UseSession {
  const context = useContext(AuthContext);
  if (!context) throw new Error('useSession() needs <AuthProvider> above it, for example in app/layout.tsx.');
  const { session, status, reload } = context;
  return { session, status, reload };
}
