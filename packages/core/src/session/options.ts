import { ConfigurationError } from '../errors.ts';
import type { RefreshCoordinatorOptions } from '../tokens/refresh/refresh-coordinator.ts';
import type { ReplayStore } from '../tokens/stores/replay-store.ts';
import type { SessionStore } from './backends/stores/session-store.ts';
import type { TombstoneStore } from './backends/stores/tombstone-store.ts';
import type { CookieSettings } from './cookies/cookies.ts';
import type { OwnPages } from './pages/own-pages.ts';
import type { PageMessagesOption } from './pages/page-messages.ts';

/** Options of web sessions. Only `secret` and `baseUrl` are required. */
export interface WebSessionOptions {
  /**
   * At least 32 random characters. If a list: the first secret encrypts, all of them decrypt. To replace a secret, deploy
   * `[old, new]` to all processes, then `[new, old]`, and after `absoluteLifetime` the new one alone.
   */
  readonly secret: string | readonly string[];
  /** The application's public URL, including its base path, for example `https://app.example`. */
  readonly baseUrl: string;
  /** Path of the routes, relative to the base path. Default: `/auth`. */
  readonly routes?: string | undefined;
  /** Name and attributes of the session cookie. Default: `__Host-session`, `SameSite=Lax`, path `/`. */
  readonly cookie?: CookieSettings | undefined;
  /** Stores sessions on the server. Default: sessions are encrypted in the cookie. */
  readonly store?: SessionStore | undefined;
  /** Records logouts of cookie sessions. Default: in the memory of this process. */
  readonly tombstones?: TombstoneStore | undefined;
  /** Records used logout tokens and completed logins. Default: in the memory of this process. */
  readonly replay?: ReplayStore | undefined;
  /** Seconds after which an unused session expires, rounded down. Default: one day, at most `absoluteLifetime`. */
  readonly idleLifetime?: number | undefined;
  /** Seconds after which a session expires even if it is in use, rounded down. Default: seven days. */
  readonly absoluteLifetime?: number | undefined;
  /** Lock and successor store of the refresh. Default: in the memory of this process. */
  readonly refresh?: RefreshCoordinatorOptions | undefined;
  /** Requests UserInfo at login and stores its claims. Default: false, only the claims of the ID token. */
  readonly userinfo?: boolean | undefined;
  /** Authorization parameters that a login URL may set. Default: `login_hint`, `ui_locales` and `prompt`. */
  readonly loginParameters?: readonly string[] | undefined;
  /** Path for the user after a login without `returnTo`. Default: the base URL. */
  readonly afterLogin?: string | undefined;
  /** Registered URLs for the user after logout; the first is the default. Default: the base URL. */
  readonly postLogoutRedirectUris?: readonly string[] | undefined;
  /** `get` also allows logout by a link, which any site can then trigger. Default: `post`, with a confirmation page. */
  readonly logoutMethod?: 'post' | 'get' | undefined;
  /** Sends the ID token in the logout URL, so that the provider knows the user. Default: true. */
  readonly idTokenHint?: boolean | undefined;
  /** Enables the route that returns access tokens to the application's scripts in the browser. Default: false. */
  readonly accessTokenRoute?: boolean | undefined;
  /** Pages of the application that replace the built-in ones. Default: the built-in pages. */
  readonly pages?: OwnPages | undefined;
  /**
   * Texts of the built-in pages: by language tag, chosen by `Accept-Language`; or a function of the request. Default:
   * English.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4
   */
  readonly messages?: PageMessagesOption | undefined;
}

/** @throws ConfigurationError if the value is not a URL that may have session cookies */
export function parseBaseUrl(value: unknown): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username) {
    throw new ConfigurationError(
      'invalid_option',
      `"baseUrl" is "${String(value)}", expected the URL of the application, for example https://app.example.`,
    );
  }
  // An attacker on the network can read and plant session cookies over plain http. Loopback is the only exception.
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new ConfigurationError(
      'invalid_option',
      `"baseUrl" is "${url.origin}", expected https. Plain http is allowed for localhost only.`,
    );
  }
  return url;
}

const isLoopback = (host: string) => /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(host);

/**
 * Rounds a lifetime down to whole seconds: `Max-Age` of a cookie has no fraction.
 *
 * @throws ConfigurationError if the value is not a number of at least one second
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1
 */
export function toWholeSeconds(value: number, name: string): number {
  if (Number.isFinite(value) && value >= 1) return Math.floor(value);
  throw new ConfigurationError('invalid_option', `"${name}" is ${value}, expected at least 1 second.`);
}
