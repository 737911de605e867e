import type { AuthorizationServerMetadata } from '../client/client-options.ts';
import { ConfigurationError } from '../errors.ts';
import { callListener, type EventListener } from '../events.ts';
import type { Clock } from '../internal/clock.ts';
import type { Fetch } from '../internal/http.ts';
import { checkOpenidScope, checkRange } from '../protocol/option-checks.ts';
import { isSecureUrl } from '../protocol/secure-url.ts';
import type { TokenStorage } from './state/token-storage.ts';
import type { BrowserLock } from './state/web-lock.ts';
import type { DpopProver } from './wire/dpop.ts';

/** A public client in the browser. It has no secret; PKCE, state and nonce are always used. */
export interface BrowserAuthOptions {
  /** Issuer identifier, exactly as the provider writes it. */
  readonly issuer: string;
  readonly clientId: string;
  /** Where the provider sends the user back to; exactly as registered. */
  readonly redirectUri: string;
  /** Space-separated, with `openid`. Default: `openid`. Add `offline_access` to be given a refresh token. */
  readonly scope?: string;
  /** The APIs that access tokens are for (RFC 8707); the first is the default of {@link GetAccessTokenOptions}. */
  readonly resource?: string | readonly string[];
  /** Further authorization parameters of every login, for example `{ audience }`. */
  readonly authorizationParameters?: Readonly<Record<string, string>>;
  /**
   * An empty page of this origin, registered as a redirect URI: with it, a reload restores the session in a hidden
   * frame, without a visible redirect. Default: no silent login.
   */
  readonly silentRedirectUri?: string;
  /** Where the provider sends the user after a logout; must be registered. */
  readonly postLogoutRedirectUri?: string;
  /**
   * `false` keeps the ID token out of the URLs of logout and silent login; then the provider may ask the user to
   * confirm a logout, and answer a silent login for another user, which is rejected. Default: true.
   */
  readonly idTokenHint?: boolean;
  /** Static metadata: no discovery request is made. */
  readonly metadata?: AuthorizationServerMetadata;
  /** The registered `id_token_signed_response_alg`. Default: `RS256`. The token's own header is never believed. */
  readonly idTokenSignedResponseAlg?: string;
  /** Seconds that clocks may differ. Default: 30; at most 300. */
  readonly clockTolerance?: number;
  /** Milliseconds for one exchange with the provider. Default: 10,000. */
  readonly timeout?: number;
  /** Seconds before its end at which an access token is renewed. Default: 30, and never more than half of its life. */
  readonly leeway?: number;
  /** Where tokens are kept. Default: in memory, out of reach of other scripts' storage access, gone with the page. */
  readonly storage?: TokenStorage;
  /** Sender-constrains tokens; see `createDpop`. @see RFC 9449 */
  readonly dpop?: (keyName: string, now: Clock) => Promise<DpopProver>;
  /** Leaves the page. Default: `location.assign`. A native shell opens its system browser here. */
  readonly navigate?: (url: string) => void | Promise<void>;
  /** Default: the platform's `fetch`. */
  readonly fetch?: Fetch;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: Clock;
  /** Default: Web Locks, which reach every tab of this origin. */
  readonly lock?: BrowserLock;
  readonly onEvent?: EventListener;
  /** Allows plain http: only for a provider on your own machine. */
  readonly allowInsecureIssuer?: boolean;
}

/** Options resolved once, for the files of this folder. */
export interface BrowserContext {
  readonly options: BrowserAuthOptions;
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
  readonly resources: readonly string[];
  readonly clockTolerance: number;
  readonly now: Clock;
  readonly http: { readonly fetch: Fetch; readonly timeout: number };
  readonly dpop: () => Promise<DpopProver> | undefined;
  /** Prefix of every name in storage, of locks and of channels: two clients of one origin never meet. */
  readonly prefix: string;
  readonly tell: EventListener;
  /** What was fetched from the provider; nothing of any user. */
  readonly cache: Map<string, { readonly value: Promise<unknown>; readonly at: number }>;
}

/** @throws ConfigurationError when an option is missing or wrong */
export function resolveOptions(options: BrowserAuthOptions): BrowserContext {
  const { issuer, clientId, redirectUri, scope = 'openid', resource = [], clockTolerance = 30 } = options;
  for (const [name, value] of Object.entries({ issuer, clientId, redirectUri })) {
    if (!value) throw new ConfigurationError('missing_option', `${name} is missing.`);
  }
  if (!isSecureUrl(issuer, { allowInsecure: options.allowInsecureIssuer })) {
    throw new ConfigurationError(
      'insecure_issuer',
      `issuer "${issuer}" is not an https URL. On your own machine set allowInsecureIssuer: true.`,
    );
  }
  checkOpenidScope(scope);
  checkRange('clockTolerance', clockTolerance, { min: 0, max: 300, unit: 'seconds' });
  const now = options.now ?? Date.now;
  const prefix = `countersign ${issuer} ${clientId} `;
  let prover: Promise<DpopProver> | undefined;
  return {
    options,
    issuer,
    clientId,
    scope,
    resources: [resource].flat(),
    clockTolerance,
    now,
    http: {
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      timeout: options.timeout ?? 10_000,
    },
    prefix,
    dpop: () => (prover ??= options.dpop?.(`${prefix}dpop`, now)),
    tell: (event) => callListener(options.onEvent, event),
    cache: new Map(),
  };
}

/** One fetch for all who ask, kept for `life` milliseconds; a failure is not kept. */
export function cached<T>(
  { cache, now }: BrowserContext,
  name: string,
  life: number,
  load: () => Promise<T>,
): Promise<T> {
  const known = cache.get(name);
  if (known && now() - known.at < life) return known.value as Promise<T>;
  const value = load();
  cache.set(name, { value, at: now() });
  value.catch(() => {
    if (cache.get(name)?.value === value) cache.delete(name);
  });
  return value;
}
