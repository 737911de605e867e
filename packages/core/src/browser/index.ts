export type { IdTokenClaims } from '../client/token-response.ts';
export {
  AuthError,
  AuthorizationServerError,
  ConfigurationError,
  LoginRequiredError,
  TransportError,
  ValidationError,
} from '../errors.ts';
export type { AuthEvent, EventListener } from '../events.ts';
export type { AccessToken, TokenSet } from '../tokens/token-set.ts';
export { parseApplicationJson } from './application-json.ts';
export { createBrowserAuth } from './browser-auth.ts';
export type {
  BrowserAccessToken,
  BrowserAuth,
  BrowserAuthSnapshot,
  BrowserAuthStatus,
  GetAccessTokenOptions,
  LoginOptions,
  LogoutOptions,
} from './browser-auth-types.ts';
export { createDpop, type DpopProver } from './dpop.ts';
export type { LoginHolder } from './login-holder.ts';
export type { BrowserAuthOptions } from './options.ts';
export { createMemoryStorage, createWebStorage, type TokenStorage } from './token-storage.ts';
export type { BrowserLock } from './web-lock.ts';
