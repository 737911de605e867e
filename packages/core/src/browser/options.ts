import type { AuthorizationServerMetadata } from '../client/wire/server-metadata.ts';
import { AuthError, ConfigurationError, TransportError } from '../errors.ts';
import { callListener, type EventListener } from '../events.ts';
import { checkOptions, type OptionType } from '../internal/check-options.ts';
import type { Clock } from '../internal/clock.ts';
import { isDevelopment } from '../internal/development.ts';
import type { Fetch } from '../internal/fetch/bounded-fetch.ts';
import { parseUrl } from '../internal/parse-url.ts';
import type { SignatureAlgorithm } from '../internal/signatures/signature-algorithms.ts';
import { checkRedirectUri } from '../protocol/login/redirect-uri.ts';
import { checkOpenidScope, checkRange } from '../protocol/option-checks.ts';
import { isSecureUrl } from '../protocol/secure-url.ts';
import type { IssuerRule } from '../protocol/tokens/token-issuer.ts';
import { applyPreset } from '../providers/apply-preset.ts';
import type { IssuerOrProvider, ProviderPreset } from '../providers/provider.ts';
import { browserOptionHints, browserOptionTypes } from './option-types.ts';
import {
  createFeatureError,
  createFeatureReporter,
  type FeatureReporter,
  storageRemedy,
} from './state/browser-features.ts';
import { isMissingError } from './state/indexed-db.ts';
import { createTabItems, type TabItems } from './state/tabs/tab-items.ts';
import type { BrowserLock } from './state/tabs/web-lock.ts';
import type { TokenStorage } from './state/token-storage.ts';
import type { DpopProver } from './wire/dpop.ts';

/** Options of {@link createBrowserAuth}. The client is public: it has no secret, and always uses PKCE, state and nonce. */
export type BrowserAuthOptions = BrowserAuthSettings & IssuerOrProvider;

/** Options of {@link createBrowserAuth} without the issuer. */
export interface BrowserAuthSettings {
  readonly clientId: string;
  /**
   * The redirect URI, as registered: an absolute URL without a fragment. It may have a query. The page of a response is
   * compared with it as a URL, so `https://app.example` and `https://App.example:443/` are the same.
   *
   * A response has the parameter `state`. Some providers omit it in an error. A page with `error` and without `state` is
   * therefore a response too, if this tab has left for a login, and no page of the application was opened since.
   * Otherwise the parameter belongs to the application.
   *
   * @see https://www.rfc-editor.org/rfc/rfc3986#section-6
   */
  readonly redirectUri: string;
  /** Space-separated, with `openid`. Default: `openid`. */
  readonly scope?: string | undefined;
  /**
   * Requests a refresh token: each login adds what the provider needs, for example the scope `offline_access`, or
   * `access_type=offline` and `prompt=consent` at Google. At an unknown provider, `offline_access` is added if
   * `scopes_supported` lists it. Default: false, `scope` is sent as it is.
   *
   * @see https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess
   */
  readonly refreshTokens?: boolean | undefined;
  /** The resource servers of access tokens (RFC 8707). The first one is the default of `getAccessToken`. Default: none. */
  readonly resource?: string | readonly string[] | undefined;
  /** Additional authorization parameters of each login, for example `{ audience }`. Default: none. */
  readonly authorizationParameters?: Readonly<Record<string, string>> | undefined;
  /**
   * An empty page of this origin that is registered as a redirect URI. With it, a reload restores the session in a hidden
   * frame, without a visible redirect. Default: no silent login.
   */
  readonly silentRedirectUri?: string | undefined;
  /** Where the provider sends the user after a logout. It must be registered. Default: the provider decides. */
  readonly postLogoutRedirectUri?: string | undefined;
  /**
   * `false`: the URLs of logout and silent login contain no ID token. The provider may then ask the user to confirm a
   * logout, and may return another user at a silent login, which is rejected. Default: true.
   */
  readonly idTokenHint?: boolean | undefined;
  /** Static metadata of the provider. Default: discovery. */
  readonly metadata?: AuthorizationServerMetadata | undefined;
  /**
   * The URL of the metadata, for a provider that does not publish it at the well-known address of its issuer. Default:
   * `issuer` with the well-known path.
   */
  readonly metadataUrl?: string | undefined;
  /** The registered `id_token_signed_response_alg`. Default: `RS256`. A token with another `alg` is rejected. */
  readonly idTokenSignedResponseAlg?: SignatureAlgorithm | undefined;
  /**
   * Seconds after `iat` for which a new ID token is accepted. Set it for a provider that returns ID tokens of an earlier
   * login. Default: 3600. Maximum: 31,536,000.
   */
  readonly idTokenMaxAge?: number | undefined;
  /**
   * The provider: a preset of `@countersign/core/providers`, or one of your own. Default: the provider is recognized by its
   * issuer and endpoints, otherwise the standards apply.
   */
  readonly provider?: ProviderPreset | undefined;
  /** Seconds by which the clocks of provider and browser may differ. Default: 30, at most 300. */
  readonly clockTolerance?: number | undefined;
  /** Milliseconds for one request to the provider. Default: 10,000. */
  readonly timeout?: number | undefined;
  /** Seconds before its expiry at which an access token is refreshed. Default: 30, at most half of its lifetime. */
  readonly leeway?: number | undefined;
  /** Where tokens are stored. Default: in memory, see `createMemoryStorage`. */
  readonly storage?: TokenStorage | undefined;
  /** Binds tokens to a key: set it to `createDpop`. Default: bearer tokens. @see https://www.rfc-editor.org/rfc/rfc9449 */
  readonly dpop?: ((keyName: string, now: Clock) => Promise<DpopProver>) | undefined;
  /** Leaves the page. Default: `location.assign`. A native shell opens the system browser. */
  readonly navigate?: ((url: string) => void | Promise<void>) | undefined;
  /** Sends the requests to the provider. Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Returns the current time in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: Clock | undefined;
  /** The lock for refreshes, which all tabs with the same storage must share. Default: Web Locks. */
  readonly lock?: BrowserLock | undefined;
  /** Called for each event. Default: none. */
  readonly onEvent?: EventListener | undefined;
  /** Allows plain http, for a provider on the developer's machine. Default: false. */
  readonly allowInsecureIssuer?: boolean | undefined;
}

/** The resolved options. */
export interface BrowserContext extends IssuerRule {
  readonly options: BrowserAuthOptions;
  readonly clientId: string;
  readonly scope: string;
  readonly resources: readonly string[];
  readonly clockTolerance: number;
  readonly now: Clock;
  readonly http: { readonly fetch: Fetch; readonly timeout: number };
  readonly dpop: () => Promise<DpopProver> | undefined;
  /** The prefix of all names of stored items, locks and channels. It separates the clients of one origin. */
  readonly prefix: string;
  readonly emitEvent: EventListener;
  readonly reportMissing: FeatureReporter;
  /** Logins in progress in this tab. */
  readonly tabItems: TabItems;
  /** Metadata and keys of the provider. It contains no data of a user. */
  readonly cache: Map<string, { readonly value: Promise<unknown>; readonly at: number }>;
}

/** @throws ConfigurationError `invalid_option` for a wrong type or URL, or a name that resembles that of an option */
function checkBrowserOptions(options: BrowserAuthOptions): void {
  const types: Readonly<Record<keyof BrowserAuthSettings | 'issuer', OptionType>> = browserOptionTypes;
  checkOptions('createBrowserAuth()', options, { types, hints: browserOptionHints });
  const { postLogoutRedirectUri } = options;
  if (postLogoutRedirectUri === undefined || parseUrl(postLogoutRedirectUri)) return;
  throw new ConfigurationError(
    'invalid_option',
    `"postLogoutRedirectUri" is "${postLogoutRedirectUri}", expected an absolute URL. Write it as it is registered at the provider, for example https://app.example.com/.`,
  );
}

/** @throws ConfigurationError if an option is missing or invalid, or the preset needs a server */
export function resolveOptions(givenOptions: BrowserAuthOptions): BrowserContext {
  // Production builds of Angular leave the check out: it helps while an application is written.
  if (isDevelopment) checkBrowserOptions(givenOptions);
  const options = applyPreset(givenOptions);
  if (options.provider?.serverOnly) {
    throw new ConfigurationError(
      'unsupported_by_provider',
      isDevelopment ? `Logins at "${options.provider.name}" need a server, for example createAuth().` : '',
    );
  }
  const { issuer, clientId, redirectUri, scope = 'openid', resource = [], clockTolerance = 30 } = options;
  const { metadataUrl, idTokenMaxAge = 3600 } = options;
  for (const [name, value] of Object.entries({ issuer, clientId, redirectUri })) {
    if (!value)
      throw new ConfigurationError(
        'missing_option',
        isDevelopment ? `${name} is missing. Set it in createBrowserAuth().` : name,
      );
  }
  if (!isSecureUrl(issuer, { allowInsecure: options.allowInsecureIssuer })) {
    throw new ConfigurationError(
      'insecure_issuer',
      isDevelopment
        ? `issuer "${issuer}" is not an https URL. For a provider on your own machine, set allowInsecureIssuer: true.`
        : issuer,
    );
  }
  if (
    metadataUrl !== undefined &&
    !isSecureUrl(metadataUrl, { allowInsecure: options.allowInsecureIssuer })
  ) {
    throw new ConfigurationError(
      'invalid_option',
      isDevelopment ? `"metadataUrl" is "${metadataUrl}", expected an https URL.` : 'metadataUrl',
    );
  }
  checkRedirectUri('redirectUri', redirectUri);
  if (options.silentRedirectUri !== undefined)
    checkRedirectUri('silentRedirectUri', options.silentRedirectUri);
  checkOpenidScope(scope);
  checkRange('clockTolerance', clockTolerance, { min: 0, max: 300, unit: 'seconds' });
  checkRange('idTokenMaxAge', idTokenMaxAge, { min: 1, max: 31_536_000, unit: 'seconds' });
  const now = options.now ?? Date.now;
  const prefix = `countersign ${issuer} ${clientId} `;
  const emitEvent: EventListener = (event) => callListener(options.onEvent, event);
  let prover: Promise<DpopProver> | undefined;
  /** An error is not cached. */
  const createProver = () =>
    options.dpop?.(`${prefix}dpop`, now).catch((error: unknown) => {
      prover = undefined;
      if (error instanceof AuthError) throw error;
      if (isMissingError(error))
        throw createFeatureError(
          'IndexedDB',
          isDevelopment ? `It stores the key of DPoP. ${storageRemedy}` : '',
        );
      throw new TransportError(
        'store_unavailable',
        isDevelopment ? 'The key of DPoP could not be read from IndexedDB. Try again.' : '',
        { cause: error },
      );
    });
  return {
    options,
    issuer,
    tenants: options.provider?.tenants,
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
    dpop: () => (prover ??= createProver()),
    emitEvent,
    reportMissing: createFeatureReporter(emitEvent),
    tabItems: createTabItems(),
    cache: new Map(),
  };
}

/** Returns a cached value, or loads it once for all callers. An error is not cached. */
export function loadCached<T>(
  { cache, now }: BrowserContext,
  name: string,
  lifetime: number,
  load: () => Promise<T>,
): Promise<T> {
  const entry = cache.get(name);
  if (entry && now() - entry.at < lifetime) return entry.value as Promise<T>;
  const value = load();
  cache.set(name, { value, at: now() });
  value.catch(() => {
    if (cache.get(name)?.value === value) cache.delete(name);
  });
  return value;
}
