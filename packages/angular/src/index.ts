export {
  type AccessToken,
  AuthError,
  type AuthEvent,
  AuthorizationServerError,
  type BrowserAuth,
  ConfigurationError,
  type GetAccessTokenOptions,
  type IdleOptions,
  type IdTokenClaims,
  type LoginOptions,
  LoginRequiredError,
  type LogoutOptions,
  type TokenStorage,
  TransportError,
  ValidationError,
} from '@countersign/core/browser';
export type { Auth, AuthStatus, AuthUser } from './auth.ts';
export { AuthSignedIn } from './auth-signed-in.ts';
export type { AuthConfig, AuthConfigSource, AuthFeature, AuthSettings } from './config/auth-config.ts';
export {
  withClientName,
  withDPoP,
  withEvents,
  withRefreshTokens,
  withServerState,
  withSilentLogin,
  withStorage,
} from './config/auth-features.ts';
export { loadConfig } from './config/load-config.ts';
export { type AuthIdle, injectIdle, withIdle } from './config/with-idle.ts';
export { withPopupLogin } from './config/with-popup-login.ts';
export { withUserInfo } from './config/with-user-info.ts';
export { type AuthGuard, authGuard, authGuardFor } from './guards/auth-guard.ts';
export { claimGuard, type GuardOptions, scopeGuard } from './guards/permission-guards.ts';
export { injectAuth } from './inject-auth.ts';
export type { ApiEntry } from './interceptor/allow-list.ts';
export { authInterceptor } from './interceptor/auth-interceptor.ts';
export { SEND_ACCESS_TOKEN } from './interceptor/send-access-token.ts';
export { provideAuth } from './provide-auth.ts';
export { provideAuthClient } from './provide-auth-client.ts';
export {
  provideServerAuth,
  type ServerAuthOptions,
  type ServerSession,
} from './server/provide-server-auth.ts';
