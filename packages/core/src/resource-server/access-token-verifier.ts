import { type AccessTokenError, AuthError, TransportError } from '../errors.ts';
import { callListener } from '../events.ts';
import { seconds } from '../internal/clock.ts';
import { createTextCache } from '../internal/text-cache.ts';
import { AuthenticatedRequest } from './authenticated-request.ts';
import type { CachedToken } from './caches/cached-token.ts';
import { VerifierCounts, type VerifierStatistics } from './caches/statistics.ts';
import { type Credentials, findCredentials, findPlainToken, type ResourceRequest } from './credentials.ts';
import { createIssuers } from './issuers/trusted-issuers.ts';
import { protectedResourceMetadata, protectedResourceMetadataUrl } from './protected-resource-metadata.ts';
import { type ChallengeOptions, toAccessTokenError } from './rejections/challenge.ts';
import { invalidToken, Rejection } from './rejections/rejection.ts';
import { recordUnexpectedCause } from './rejections/unexpected-cause.ts';
import { type AccessRequirements, checkRequirements } from './requirements.ts';
import { createSenderConstraintCheck } from './sender-constraint/sender-constraint-check.ts';
import { createTokenVerification, readErrorMessage } from './token-verification.ts';
import type { VerifiedAccessToken } from './verified-access-token.ts';
import { type AccessTokenVerifierOptions, type VerifierOptions, within } from './verifier-options.ts';

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
  findCachedRequest?(request: ResourceRequest): AuthenticatedRequest | undefined;
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
  createAccessDeniedError(description: string): AccessTokenError;
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
  const binding = createSenderConstraintCheck(options, { now, clockTolerance });
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

  function findCachedRequest(request: ResourceRequest): AuthenticatedRequest | undefined {
    try {
      const token = findPlainToken(request);
      const known = token === undefined ? undefined : tokens.findCachedRequest(token);
      if (!known?.request) return undefined;
      counts.accepted++;
      counts.cacheHits++;
      if (onEvent) callListener(onEvent, { type: 'token.accepted', issuer: known.issuer, cached: true });
      return known.request;
    } catch {
      // What is wrong with it, `verify` says.
      return undefined;
    }
  }

  function translate(error: unknown, scheme: 'Bearer' | 'DPoP' | undefined): unknown {
    if (error instanceof TransportError) {
      counts.unavailable++;
      const reason = error.cause === undefined ? undefined : readErrorMessage(error.cause);
      callListener(onEvent, { type: 'token.unavailable', code: error.code, ...(reason && { reason }) });
      return error;
    }
    if (error instanceof AuthError) return error;
    // What was not foreseen, in a rule of the application or here, is a refusal: it never opens the door.
    const refusal =
      error instanceof Rejection
        ? error
        : new Rejection('invalid_token', 'exception', 'The access token could not be verified', {
            reason: error instanceof Error ? error.name : typeof error,
          });
    const { code, check } = refusal;
    const { reason } = refusal.details;
    counts.reject(code);
    callListener(onEvent, { type: 'token.rejected', code, check, ...(reason && { reason }) });
    const rejected = toAccessTokenError(refusal, scheme, challenge);
    if (refusal !== error) recordUnexpectedCause(rejected, error);
    return rejected;
  }

  return {
    async verify(request) {
      const authenticated = await authenticate(request);
      if (authenticated) return authenticated;
      throw translate(
        new Rejection('token_missing', 'authorization', 'An access token is needed'),
        undefined,
      );
    },
    verifyOptional: authenticate,
    findCachedRequest,
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
    createAccessDeniedError: (description) =>
      translate(new Rejection('access_denied', 'policy', description), undefined) as AccessTokenError,
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
