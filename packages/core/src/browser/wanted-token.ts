import type { WantedAccessToken } from '../tokens/usable-token.ts';
import type { LoginHolder } from './state/login-holder.ts';

/** The access token that a request needs. */
export interface BrowserTokenRequest extends WantedAccessToken {
  /** The login with which the request began. A token of another login is never returned. */
  readonly holder: LoginHolder;
}

/** The access token for which a silent login is needed. Default: the one of the login. */
export type SilentLoginRequest = WantedAccessToken;
