export { AuthProvider, type AuthProviderProps } from './auth-provider.tsx';
export {
  LoginButton,
  type LoginButtonProps,
  LogoutButton,
  type LogoutButtonProps,
  SignedIn,
  SignedOut,
} from './buttons.tsx';
export { SessionExpiry, type SessionExpiryProps } from './session-expiry.tsx';
export type { SessionExpiryMessages } from './session-expiry-messages.ts';
export type { ClientSession } from './session-snapshot.ts';
export { type UseSession, useSession } from './use-session.ts';
