export { AuthProvider, type AuthProviderProps } from './auth-provider.tsx';
export type { ClientSession } from './session-store.ts';
export { type UseSession, useSession } from './use-session.ts';
