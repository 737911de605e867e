import { type AccessTokenError, ConfigurationError } from '../errors.ts';
import { type EventListener, emit } from '../events.ts';
import { type Clock, seconds } from '../internal/clock.ts';
import type { Fetch } from '../internal/http.ts';
import { isSignatureAlgorithm } from '../internal/signature-algorithms.ts';
import { AuthenticatedRequest } from './authenticated-request.ts';
import { type ChallengeOptions, toAccessTokenError } from './challenge.ts';
import { checkType, readClaims } from './claims.ts';
import { type Credentials, findCredentials, type ResourceRequest } from './credentials.ts';
import { createIssuer, type Issuer, type TrustedIssuer } from './issuers.ts';
import { looksLikeJws, parseJws } from './jws.ts';
import type { KeyLife } from './key-set.ts';
import { invalidToken, Refusal } from './refusal.ts';
import { type AccessRequirements, checkRequirements } from './requirements.ts';
import type { VerifiedAccessToken } from './verified-access-token.ts';
import { createVerifiedTokenCache } from './verified-token-cache.ts';

/** Options that hold for every issuer. */
export interface VerifierOptions {
  /** Seconds that clocks may differ. Default: 30; at most 300. */
  readonly clockTolerance?: number;
  /** URL of this API's own metadata, named in every challenge. @see RFC 9728 section 5.1 */
  readonly resourceMetadata?: string;
  /** The `realm` of every challenge. Default: none. */
  readonly realm?: string;
  /** How many verified tokens are remembered, and how many characters they may have. Default: 10,000 and 32 million. */
  readonly cache?: { readonly maxEntries?: number; readonly maxCharacters?: number };
  /** Characters that an access token may have. Default: 16,384. */
  readonly maxTokenLength?: number;
  /** Seconds after which keys are renewed in the background. Default: 600. */
  readonly keysMaxAge?: number;
  /** Seconds for which old keys serve while they cannot be renewed. Default: 86,400. */
  readonly keysMaxStale?: number;
  /** Seconds between two fetches that tokens with unknown keys may cause. Default: 10. */
  readonly keysCoolDown?: number;
  /** Milliseconds for one exchange with an issuer. Default: 10,000. */
  readonly timeout?: number;
  /** Default: the platform's `fetch`. */
  readonly fetch?: Fetch;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: Clock;
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

/** What a client knows about an access token that it was given. */
export interface ExpectedToken {
  readonly issuer?: string;
  readonly clientId?: string;
  readonly resource?: string;
  readonly sub?: string;
}

export interface AccessTokenVerifier {
  /**
   * Verifies the credential of a request.
   *
   * @throws AccessTokenError when there is none or it is refused: answer with its status and challenges
   * @throws TransportError when it cannot be verified at the moment: answer with 503
   */
  verify(request: ResourceRequest): Promise<AuthenticatedRequest>;
  /** As `verify`, but a request without any credential is `undefined`. One that is wrong is refused all the same. */
  verifyOptional(request: ResourceRequest): Promise<AuthenticatedRequest | undefined>;
  /**
   * Verifies a token alone, without its request: a token that is bound to a key is taken as it is.
   * Fits `validateAccessToken` of a client.
   *
   * @throws AccessTokenError, TransportError
   */
  verifyToken(token: string, expected?: ExpectedToken): Promise<VerifiedAccessToken>;
  /** Checks what an operation asks for. @throws AccessTokenError that names what is missing */
  authorize(request: AuthenticatedRequest, requirements: AccessRequirements): void;
  /** A refusal of your own, with status 403 and without a challenge. */
  denied(description: string): AccessTokenError;
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
  const maxTokenLength = within(options.maxTokenLength ?? 16_384, 256, 1_048_576, 'maxTokenLength');
  const issuers = createIssuers(options, now);
  const cache = createVerifiedTokenCache({
    maxEntries: within(options.cache?.maxEntries ?? 10_000, 0, 10_000_000, 'cache.maxEntries'),
    maxCharacters: within(options.cache?.maxCharacters ?? 32_000_000, 0, 1e9, 'cache.maxCharacters'),
  });
  const challenge: ChallengeOptions = {
    realm: options.realm,
    resourceMetadata: options.resourceMetadata,
    schemes: ['Bearer'],
    dpopAlgorithms: [],
  };

  /** Verifies a token alone; what is verified once is remembered until it expires or its key goes. */
  function verifyAlone(token: string): Promise<VerifiedAccessToken> {
    const known = cache.get(token);
    if (known !== undefined) {
      const time = now();
      if (time < known.deadAt && !known.key.retired && known.keys.usable(time)) {
        if (onEvent) emit(onEvent, { type: 'token.accepted', issuer: known.issuer, cached: true });
        return known.result;
      }
    }
    return verifyAfresh(token);
  }

  async function verifyAfresh(token: string): Promise<VerifiedAccessToken> {
    if (token.length > maxTokenLength) throw invalidToken('length', 'The access token is too long');
    if (!looksLikeJws(token)) throw invalidToken('format', 'The access token is not a JWT');
    const { header, payload, data, signature } = parseJws(token);
    const { alg, kid } = header;
    // Only a look-up among the configured issuers: an unknown `iss` leads nowhere, least of all to its URL.
    const issuer = typeof payload.iss === 'string' ? issuers.get(payload.iss) : undefined;
    if (!issuer) throw invalidToken('iss', 'The issuer of the access token is not trusted');
    // RFC 8725 section 3.1: the configuration says which algorithms there are, not the token.
    if (!isSignatureAlgorithm(alg) || !issuer.algorithms.includes(alg)) {
      throw invalidToken('alg', 'The signature algorithm of the access token is not accepted');
    }
    if (kid !== undefined && typeof kid !== 'string') throw invalidToken('kid', 'The header is malformed');
    checkType(header, issuer.profile);
    const time = now();
    // Before the signature, which costs more: the claims of an expired token need not be authentic to refuse it.
    const verified = readClaims(payload, {
      issuer: issuer.issuer,
      audiences: issuer.audiences,
      profile: issuer.profile,
      now: Math.floor(time / 1000),
      clockTolerance,
    });
    const key = await issuer.keys.verify({ alg, kid, data, signature });
    if (!key) throw invalidToken('signature', 'The signature of the access token is not valid');
    await runValidator(issuer, verified);
    remember(token, issuer, verified, key);
    emit(onEvent, { type: 'token.accepted', issuer: issuer.issuer, cached: false });
    return verified;
  }

  function remember(
    token: string,
    { issuer, keys }: Issuer,
    verified: VerifiedAccessToken,
    key: KeyLife,
  ): void {
    // RFC 7519 section 4.1.4 holds for every use of a token, not only for the first.
    const deadAt = (verified.expiresAt + clockTolerance) * 1000;
    cache.set({ token, issuer, result: Promise.resolve(verified), deadAt, key, keys });
  }

  async function authenticate(request: ResourceRequest): Promise<AuthenticatedRequest | undefined> {
    let credentials: Credentials | undefined;
    try {
      credentials = findCredentials(request);
      if (!credentials) return undefined;
      const accessToken = await verifyAlone(credentials.token);
      checkBinding(accessToken, credentials);
      return new AuthenticatedRequest(credentials, accessToken);
    } catch (error) {
      throw translate(error, credentials?.scheme);
    }
  }

  function translate(error: unknown, scheme: 'Bearer' | 'DPoP' | undefined): unknown {
    if (!(error instanceof Refusal)) return error;
    emit(onEvent, { type: 'token.rejected', code: error.code, check: error.check });
    return toAccessTokenError(error, scheme, challenge);
  }

  return {
    async verify(request) {
      const authenticated = await authenticate(request);
      if (authenticated) return authenticated;
      throw translate(new Refusal('token_missing', 'authorization', 'An access token is needed'), undefined);
    },
    verifyOptional: authenticate,
    async verifyToken(token, expected) {
      try {
        const verified = await verifyAlone(token);
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
  };
}

/** A token that is bound to a key is worth nothing without a proof of that key (RFC 9449 section 7.1, RFC 8705 section 3). */
function checkBinding(token: VerifiedAccessToken, credentials: Credentials): void {
  if (token.dpopThumbprint !== undefined || token.certificateThumbprint !== undefined) {
    throw invalidToken('cnf', 'The access token is bound to a key, and this API cannot verify the proof');
  }
  if (credentials.scheme === 'DPoP') {
    throw invalidToken('cnf', 'The access token is not bound to a key; present it as Bearer');
  }
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

async function runValidator(issuer: Issuer, verified: VerifiedAccessToken): Promise<void> {
  try {
    await issuer.validate?.(verified);
  } catch {
    throw invalidToken('validate', 'The access token does not meet the requirements of this API');
  }
}

function createIssuers(options: AccessTokenVerifierOptions, now: Clock): ReadonlyMap<string, Issuer> {
  const list = options.issuers ?? [options];
  const { fetch, onEvent, timeout = 10_000 } = options;
  const context = {
    fetch,
    now,
    onEvent,
    http: { fetch: fetch ?? ((url, init) => globalThis.fetch(url, init)), now, timeout, maxBytes: 1_048_576 },
    allowInsecureIssuer: options.allowInsecureIssuer === true,
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
  if (issuers.size === 0) throw new ConfigurationError('missing_option', 'issuers is empty');
  return issuers;
}

function within(value: number, low: number, high: number, name: string): number {
  if (Number.isFinite(value) && value >= low && value <= high) return value;
  throw new ConfigurationError('invalid_option', `${name} must be between ${low} and ${high}, got ${value}`);
}
