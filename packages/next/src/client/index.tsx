export { AuthProvider, type AuthProviderProps } from './auth-provider.tsx';
export {
  LoginButton,
  type LoginButtonProps,
  LogoutButton,
  type LogoutButtonProps,
  SignedIn,
  SignedOut,
} from './buttons.tsx';
export type { ClientSession } from './session-snapshot.ts';
export { type UseSession, useSession } from './use-session.ts';
