import type { Provider } from '@angular/core';
import type {
  BrowserAuth,
  BrowserAuthOptions,
  BrowserAuthSettings,
  BrowserAuthSnapshot,
  IssuerOrProvider,
} from '@countersign/core/browser';
import type { ApiEntry } from '../interceptor/allow-list.ts';

/** The configuration of a client: the provider, the registration, and the APIs that receive the access token. */
export type AuthConfig = AuthSettings & IssuerOrProvider;

/** The configuration of a client without the issuer. */
export interface AuthSettings extends Omit<BrowserAuthSettings, 'redirectUri'> {
  /** The redirect URI, exactly as registered. Default: `callback` relative to the base URL of the application. */
  readonly redirectUri?: string | undefined;
  /**
   * The page that the guards show instead of a protected page if a login failed: a URL of the router, for example
   * `/login-failed`. It shows `auth.error()`, and the address bar keeps the requested page. Default: the guards throw the
   * error of the login, which Angular reports.
   */
  readonly errorRoute?: string | undefined;
  /**
   * The APIs to which {@link authInterceptor} sends the access token. Requests that match no entry get no token.
   * Default: none.
   */
  readonly apis?: readonly ApiEntry[] | undefined;
}

/**
 * A configuration, a promise of it, or a function that returns either. The application starts when the promise is
 * fulfilled. `loadConfig` reads a configuration from a URL. The function receives the base URL of the application:
 * `APP_BASE_HREF`, or else the element `<base>`.
 */
export type AuthConfigSource =
  | AuthConfig
  | Promise<AuthConfig>
  | ((baseUrl: string) => AuthConfig | Promise<AuthConfig>);

/** An optional feature of {@link provideAuth}, which a `with...` function creates. */
export interface AuthFeature {
  /** Returns the configuration with the options of the feature. Called once, in the browser. */
  configure?(config: AuthConfig, baseUrl?: string): AuthConfig;
  /** Returns the state until the login state is known. Called in the injection context of the client. */
  getInitialState?(clientName: string): BrowserAuthSnapshot | undefined;
  /** Returns the client that the application uses instead. Called once, in the browser, before the client starts. */
  connect?(client: BrowserAuth, options: BrowserAuthOptions, baseUrl?: string): BrowserAuth;
  /** Returns further providers. */
  getProviders?(clientName: string): Provider[];
  /** The name of the client, if the application has several. */
  readonly clientName?: string;
}
