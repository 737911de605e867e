import { type AccessTokenError, AuthError, ConfigurationError, TransportError } from '../errors.ts';
import { type EventListener, emit } from '../events.ts';
import { type Clock, seconds } from '../internal/clock.ts';
import type { Fetch } from '../internal/http.ts';
import { createTextCache } from '../internal/text-cache.ts';
import { AuthenticatedRequest } from './authenticated-request.ts';
import { createBindingCheck } from './binding.ts';
import type { CachedToken } from './cached-token.ts';
import { type ChallengeOptions, toAccessTokenError } from './challenge.ts';
import type { MtlsOptions } from './client-certificate.ts';
import { type Credentials, findCredentials, findPlainToken, type ResourceRequest } from './credentials.ts';
import type { DpopOptions } from './dpop-proof.ts';
import { createIssuer, type Issuer, type TrustedIssuer } from './issuers.ts';
import {
  type ProtectedResource,
  protectedResourceMetadata,
  protectedResourceMetadataUrl,
} from './protected-resource-metadata.ts';
import { invalidToken, Refusal } from './refusal.ts';
import { type AccessRequirements, checkRequirements } from './requirements.ts';
import { VerifierCounts, type VerifierStatistics } from './statistics.ts';
import { createTokenVerification, messageOf } from './token-verification.ts';
import type { VerifiedAccessToken } from './verified-access-token.ts';

/** Options that hold for every issuer. */
export interface VerifierOptions {
  /** Seconds that clocks may differ. Default: 30; at most 300. */
  readonly clockTolerance?: number;
  /** Accept tokens that are bound to the client's key by DPoP. @see RFC 9449 */
  readonly dpop?: DpopOptions;
  /**
   * Accept tokens that are bound to the client's certificate: `true` where TLS ends at this API, or the header in
   * which a proxy hands the certificate on. @see RFC 8705 section 3
   */
  readonly mtls?: boolean | MtlsOptions;
  /** Refuse tokens that are not bound: by DPoP, by certificate, or by any of both. Default: bearer tokens are accepted. */
  readonly requireBinding?: 'dpop' | 'mtls' | 'any';
  /** What this API says about itself; then every challenge names where. @see RFC 9728 */
  readonly protectedResource?: ProtectedResource;
  /** URL of this API's own metadata where it is not the well-known one. @see RFC 9728 section 5.1 */
  readonly resourceMetadata?: string;
  /** The `realm` of every challenge. Default: none. */
  readonly realm?: string;
  /**
   * How many verified tokens are remembered at most, and how many characters they may have; at least half as many are.
   * Default: 20,000 and 32 million.
   */
  readonly cache?: { readonly maxEntries?: number; readonly maxCharacters?: number };
  /** Characters that an access token may have. Default: 16,384. */
  readonly maxTokenLength?: number;
  /** Seconds after which keys are renewed in the background. Default: 600. */
  readonly keysMaxAge?: number;
  /** Seconds for which old keys serve while they cannot be renewed. Default: 86,400. */
  readonly keysMaxStale?: number;
  /**
   * Seconds between two fetches of keys that tokens with unknown keys may cause, after five at once. A token that would
   * need a further fetch gets 503. Default: 10.
   */
  readonly keysCoolDown?: number;
  /** Milliseconds for one exchange with an issuer. Default: 10,000. */
  readonly timeout?: number;
  /** Default: the platform's `fetch`. */
  readonly fetch?: Fetch;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: Clock;
  /** Hears what the verifier does, one event at a time; no event carries a token. Default: nobody. */
  readonly onEvent?: EventListener;
  /** Allows plain http: only for a provider on your own machine. */
  readonly allowInsecureIssuer?: boolean;
}

/** One issuer, or several under `issuers`. */
export type AccessTokenVerifierOptions = VerifierOptions &
  (
    | (TrustedIssuer & { readonly issuers?: never })
    | { readonly issuers: readonly TrustedIssuer[]; readonly issuer?: never }
  );

/** What a client knows about an access token that it was given. What is named must be so. */
export interface ExpectedToken {
  /** The claim `iss`. @see RFC 9068 section 2.2 */
  readonly issuer?: string;
  /** The claim `client_id`, or what stands for it in the issuer's profile. @see RFC 9068 section 2.2 */
  readonly clientId?: string;
  /** One of the audiences. @see RFC 8707 section 2 */
  readonly resource?: string;
  /** The claim `sub`. @see RFC 9068 section 2.2 */
  readonly sub?: string;
}

/** Verifies access tokens for an API; made by `createAccessTokenVerifier`. */
export interface AccessTokenVerifier {
  /**
   * Verifies the credential of a request.
   *
   * @throws AccessTokenError when there is none or it is refused: answer with its status and challenges
   * @throws TransportError when it cannot be verified at the moment: answer with 503
   * @see RFC 9068 section 4, RFC 6750 sections 2.1 and 3.1, RFC 9449 section 7.1, RFC 8705 section 3
   */
  verify(request: ResourceRequest): Promise<AuthenticatedRequest>;
  /**
   * As `verify`, but a request without any credential is `undefined`. One that is wrong is refused all the same.
   *
   * @throws AccessTokenError, TransportError
   */
  verifyOptional(request: ResourceRequest): Promise<AuthenticatedRequest | undefined>;
  /**
   * As `verify`, at once: for a request whose token was verified before and is not bound to a key. Everything else is
   * `undefined`, and for `verify` to decide. It throws nothing.
   */
  recall?(request: ResourceRequest): AuthenticatedRequest | undefined;
  /**
   * Verifies a token alone, without its request: a token that is bound to a key is taken as it is.
   * Fits `validateAccessToken` of a client.
   *
   * @throws AccessTokenError, TransportError
   * @see RFC 9068 section 4
   */
  verifyToken(token: string, expected?: ExpectedToken): Promise<VerifiedAccessToken>;
  /**
   * Checks what an operation asks for.
   *
   * @throws AccessTokenError that names what is missing
   * @see RFC 6750 section 3.1, RFC 9470 section 3
   */
  authorize(request: AuthenticatedRequest, requirements: AccessRequirements): void;
  /** A refusal of your own, to throw: status 403 and no challenge, as another token would not help. */
  denied(description: string): AccessTokenError;
  /** Counts since the start and the age of keys, for health checks and metrics. `onEvent` tells them one by one. */
  statistics(): VerifierStatistics;
  /** The document that describes this API, when `protectedResource` is set. @see RFC 9728 section 2 */
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Verifies access tokens for an API (a resource server).
 *
 * @throws ConfigurationError when an option is missing or wrong
 * @see RFC 9068 section 4, RFC 6750, RFC 8725
 */
export function createAccessTokenVerifier(options: AccessTokenVerifierOptions): AccessTokenVerifier {
  const now = options.now ?? Date.now;
  const { onEvent } = options;
  const clockTolerance = within(options.clockTolerance ?? 30, 0, 300, 'clockTolerance');
  const issuers = createIssuers(options, { now, clockTolerance });
  const counts = new VerifierCounts();
  const cache = createTextCache<CachedToken>({
    maxEntries: within(options.cache?.maxEntries ?? 20_000, 0, 10_000_000, 'cache.maxEntries'),
    maxCharacters: within(options.cache?.maxCharacters ?? 32_000_000, 0, 1e9, 'cache.maxCharacters'),
  });
  const binding = createBindingCheck(options, { now, clockTolerance });
  const tokens = createTokenVerification({
    issuers,
    cache,
    counts,
    now,
    clockTolerance,
    maxTokenLength: within(options.maxTokenLength ?? 16_384, 256, 1_048_576, 'maxTokenLength'),
    onEvent,
    plainRequest(token, verified) {
      const credentials = { scheme: 'Bearer', token } as const;
      return binding.isUnneeded(credentials, verified)
        ? new AuthenticatedRequest(credentials, verified)
        : undefined;
    },
  });
  const challenge: ChallengeOptions = {
    realm: options.realm,
    resourceMetadata: resourceMetadataOf(options),
    schemes: binding.schemes,
    dpopAlgorithms: binding.dpopAlgorithms,
  };

  async function authenticate(request: ResourceRequest): Promise<AuthenticatedRequest | undefined> {
    let credentials: Credentials | undefined;
    try {
      credentials = findCredentials(request);
      if (!credentials) return undefined;
      const accessToken = await tokens.verify(credentials.token);
      const headers = binding.isUnneeded(credentials, accessToken)
        ? undefined
        : await binding.check(request, credentials, accessToken);
      return new AuthenticatedRequest(credentials, accessToken, headers);
    } catch (error) {
      throw translate(error, credentials?.scheme);
    }
  }

  function recall(request: ResourceRequest): AuthenticatedRequest | undefined {
    try {
      const token = findPlainToken(request);
      const known = token === undefined ? undefined : tokens.recall(token);
      if (!known?.request) return undefined;
      counts.accepted++;
      counts.cacheHits++;
      if (onEvent) emit(onEvent, { type: 'token.accepted', issuer: known.issuer, cached: true });
      return known.request;
    } catch {
      // What is wrong with it, `verify` says.
      return undefined;
    }
  }

  function translate(error: unknown, scheme: 'Bearer' | 'DPoP' | undefined): unknown {
    if (error instanceof TransportError) {
      counts.unavailable++;
      const reason = error.cause === undefined ? undefined : messageOf(error.cause);
      emit(onEvent, { type: 'token.unavailable', code: error.code, ...(reason && { reason }) });
      return error;
    }
    if (error instanceof AuthError) return error;
    // What was not foreseen, in a rule of the application or here, is a refusal: it never opens the door.
    const refusal =
      error instanceof Refusal
        ? error
        : new Refusal('invalid_token', 'exception', 'The access token cannot be verified', {
            reason: error instanceof Error ? error.name : typeof error,
          });
    const { code, check } = refusal;
    const { reason } = refusal.details;
    counts.reject(code);
    emit(onEvent, { type: 'token.rejected', code, check, ...(reason && { reason }) });
    return toAccessTokenError(refusal, scheme, challenge);
  }

  return {
    async verify(request) {
      const authenticated = await authenticate(request);
      if (authenticated) return authenticated;
      throw translate(new Refusal('token_missing', 'authorization', 'An access token is needed'), undefined);
    },
    verifyOptional: authenticate,
    recall,
    async verifyToken(token, expected) {
      try {
        if (typeof token !== 'string') throw invalidToken('format', 'The access token is not a text');
        const verified = await tokens.verify(token);
        if (expected) checkExpected(verified, expected);
        return verified;
      } catch (error) {
        throw translate(error, undefined);
      }
    },
    authorize(request, requirements) {
      try {
        checkRequirements(request.accessToken, requirements, { now: seconds(now), clockTolerance });
      } catch (error) {
        throw translate(error, request.scheme);
      }
    },
    denied: (description) =>
      translate(new Refusal('access_denied', 'policy', description), undefined) as AccessTokenError,
    statistics() {
      const { accepted, cacheHits, unavailable } = counts;
      return {
        accepted,
        cacheHits,
        cacheHitRatio: accepted === 0 ? undefined : cacheHits / accepted,
        cachedTokens: cache.size,
        rejected: { ...counts.rejected },
        unavailable,
        issuers: [...issuers.values()].map(({ issuer, keys }) => ({ issuer, ...keys.describe(now()) })),
      };
    },
    metadata:
      options.protectedResource &&
      protectedResourceMetadata(options.protectedResource, {
        issuers: [...issuers.keys()],
        dpopAlgorithms: binding.dpopAlgorithms,
        binding: options.requireBinding,
        mtls: Boolean(options.mtls),
      }),
  };
}

function checkExpected(token: VerifiedAccessToken, expected: ExpectedToken): void {
  const { aud } = token.claims;
  if (expected.issuer !== undefined && token.issuer !== expected.issuer) {
    throw invalidToken('iss', 'The access token is of another issuer');
  }
  if (
    expected.clientId !== undefined &&
    token.clientId !== undefined &&
    token.clientId !== expected.clientId
  ) {
    throw invalidToken('client_id', 'The access token was issued to another client');
  }
  if (expected.sub !== undefined && token.sub !== expected.sub) {
    throw invalidToken('sub', 'The access token is of another user');
  }
  if (expected.resource !== undefined && ![aud].flat().includes(expected.resource)) {
    throw invalidToken('aud', 'The access token is for another audience');
  }
}

/** @see RFC 9728 section 5.1 */
function resourceMetadataOf({ resourceMetadata, protectedResource }: VerifierOptions): string | undefined {
  return resourceMetadata ?? (protectedResource && protectedResourceMetadataUrl(protectedResource.resource));
}

function createIssuers(
  options: AccessTokenVerifierOptions,
  { now, clockTolerance }: { readonly now: Clock; readonly clockTolerance: number },
): ReadonlyMap<string, Issuer> {
  const list = issuersOf(options);
  const { fetch, onEvent, timeout = 10_000 } = options;
  const context = {
    fetch,
    now,
    onEvent,
    http: { fetch: fetch ?? ((url, init) => globalThis.fetch(url, init)), now, timeout, maxBytes: 1_048_576 },
    allowInsecureIssuer: options.allowInsecureIssuer === true,
    clockTolerance,
    keysMaxAge: within(options.keysMaxAge ?? 600, 1, 86_400, 'keysMaxAge'),
    keysMaxStale: within(options.keysMaxStale ?? 86_400, 1, 2_592_000, 'keysMaxStale'),
    keysCoolDown: within(options.keysCoolDown ?? 10, 1, 3600, 'keysCoolDown'),
  } satisfies Parameters<typeof createIssuer>[1];
  const issuers = new Map<string, Issuer>();
  for (const each of list) {
    const issuer = createIssuer(each, context);
    if (issuers.has(issuer.issuer)) {
      throw new ConfigurationError('invalid_option', `issuers names "${issuer.issuer}" twice`);
    }
    issuers.set(issuer.issuer, issuer);
  }
  requireRoutes(list);
  return issuers;
}

const optionsOfOneIssuer = [
  'issuer',
  'audience',
  'algorithms',
  'profile',
  'jwks',
  'jwksUri',
  'discovery',
  'introspection',
  'validate',
] as const;

function issuersOf(options: AccessTokenVerifierOptions): readonly TrustedIssuer[] {
  if (options.issuers === undefined) return [options];
  if (options.issuers.length === 0) throw new ConfigurationError('missing_option', 'issuers is empty');
  const single: Partial<Record<(typeof optionsOfOneIssuer)[number], unknown>> = options;
  const beside = optionsOfOneIssuer.filter((name) => single[name] !== undefined);
  if (beside.length === 0) return options.issuers;
  // Passed over in silence, an audience or a check of the application would not be applied.
  throw new ConfigurationError(
    'invalid_option',
    `${beside.join(', ')} cannot be set beside issuers. Set it for each of the issuers, or leave issuers out.`,
  );
}

/** An opaque token does not name its issuer, and must not be shown to any other. */
function requireRoutes(list: readonly TrustedIssuer[]): void {
  const asked = list.filter(({ introspection }) => introspection && introspection.tokens !== 'jwt');
  if (asked.length < 2 || asked.every(({ introspection }) => introspection?.accepts)) return;
  const names = asked.map(({ issuer }) => `"${issuer}"`).join(' and ');
  throw new ConfigurationError(
    'invalid_option',
    `${names} are asked about opaque tokens, and an opaque token does not name its issuer. Set introspection.accepts ` +
      "for each of them, for example accepts: (token) => token.startsWith('a_'), or introspection.tokens: 'jwt'.",
  );
}

function within(value: number, low: number, high: number, name: string): number {
  if (Number.isFinite(value) && value >= low && value <= high) return value;
  throw new ConfigurationError('invalid_option', `${name} must be between ${low} and ${high}, got ${value}`);
}
