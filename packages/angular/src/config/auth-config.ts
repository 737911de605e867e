import type { BrowserAuthOptions, BrowserAuthSnapshot } from '@countersign/core/browser';
import type { ApiEntry } from './allow-list.ts';

/** How to log in, and which APIs are given the access token. */
export interface AuthConfig extends Omit<BrowserAuthOptions, 'redirectUri'> {
  /** Where the provider sends the user back to. Default: `callback` under the base of the application. */
  readonly redirectUri?: string;
  /** The APIs to which {@link authInterceptor} attaches the access token; no other request is ever given it. */
  readonly apis?: readonly ApiEntry[];
}

/** Configuration as it is, or that will come: the application then starts when it has. See `configFrom` for a URL. */
export type AuthConfigSource = AuthConfig | Promise<AuthConfig> | (() => AuthConfig | Promise<AuthConfig>);

/** One opted-in ability; give it to {@link provideAuth}. */
export interface AuthFeature {
  /** Completes the configuration. Called once, in the browser. */
  configure?(config: AuthConfig): AuthConfig;
  /** What is shown until the login state is known. Called in the injection context of the client. */
  initialState?(clientName: string): BrowserAuthSnapshot | undefined;
  /** Distinguishes several clients of one application. */
  readonly clientName?: string;
}
