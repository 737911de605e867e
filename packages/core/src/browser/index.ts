export type { Userinfo } from '../client/resources/userinfo.ts';
export type { IdTokenClaims } from '../client/wire/token-response.ts';
export {
  AuthError,
  AuthorizationServerError,
  ConfigurationError,
  LoginRequiredError,
  TransportError,
  ValidationError,
} from '../errors.ts';
export type { AuthEvent, EventListener } from '../events.ts';
export type { IssuerOrProvider, ProviderPreset } from '../providers/provider.ts';
export type { AccessToken, TokenSet } from '../tokens/token-set.ts';
export { createBrowserAuth } from './browser-auth.ts';
export type {
  BrowserAccessToken,
  BrowserAuth,
  BrowserAuthSnapshot,
  BrowserAuthStart,
  BrowserAuthStatus,
  GetAccessTokenOptions,
  LoginOptions,
  LogoutOptions,
} from './browser-auth-types.ts';
export { addPopupLogin, type PopupLoginOptions } from './features/add-popup-login.ts';
export { addUserinfo } from './features/add-userinfo.ts';
export { fetchUserinfo } from './features/fetch-userinfo.ts';
export {
  type IdleOptions,
  type IdleSession,
  type IdleSnapshot,
  limitIdleTime,
} from './features/limit-idle-time.ts';
export type { BrowserAuthOptions, BrowserAuthSettings } from './options.ts';
export type { LoginHolder } from './state/login-holder.ts';
export type { BrowserLock } from './state/tabs/web-lock.ts';
export { createMemoryStorage, createWebStorage, type TokenStorage } from './state/token-storage.ts';
export { parseApplicationJson } from './wire/application-json.ts';
export { createDpop, type DpopProver } from './wire/dpop.ts';
