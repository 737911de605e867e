export {
  type AccessToken,
  AuthError,
  type AuthEvent,
  AuthorizationServerError,
  type BrowserAuth,
  ConfigurationError,
  type GetAccessTokenOptions,
  type IdTokenClaims,
  type LoginOptions,
  LoginRequiredError,
  type LogoutOptions,
  type TokenStorage,
  TransportError,
  ValidationError,
} from '@countersign/core/browser';
export type { ApiEntry } from './allow-list.ts';
export { type AuthGuard, authGuard, authGuardFor } from './auth.guard.ts';
export { authInterceptor } from './auth.interceptor.ts';
export type { Auth, AuthStatus, AuthUser } from './auth.ts';
export { AuthSignedIn } from './auth-signed-in.directive.ts';
export { injectAuth } from './clients.ts';
export type { AuthConfig, AuthConfigSource, AuthFeature } from './config.ts';
export { configFrom } from './config-from.ts';
export {
  withClientName,
  withDPoP,
  withEvents,
  withRefreshTokens,
  withServerState,
  withSilentLogin,
  withStorage,
} from './features.ts';
export { claimGuard, type GuardOptions, scopeGuard } from './further.guards.ts';
export { provideAuth, provideAuthClient } from './provide-auth.ts';
export { provideServerAuth, type ServerSession } from './provide-server-auth.ts';
