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
export {
  type BrowserAuth,
  type BrowserAuthSnapshot,
  type BrowserAuthStatus,
  createBrowserAuth,
  type GetAccessTokenOptions,
  type LoginOptions,
  type LogoutOptions,
} from './browser-auth.ts';
export { createDpop, type DpopProver } from './dpop.ts';
export type { BrowserAuthOptions } from './options.ts';
export { createMemoryStorage, createWebStorage, type TokenStorage } from './token-storage.ts';
export type { BrowserLock } from './web-lock.ts';
