import type { AccessTokenError } from '../errors.ts';
import { seconds } from '../internal/clock.ts';
import { markObject } from '../internal/copy-mark.ts';
import { checkRange } from '../protocol/option-checks.ts';
import { readStatistics } from './caches/read-statistics.ts';
import { VerifierCounts, type VerifierStatistics } from './caches/statistics.ts';
import { createVerifierCaches } from './caches/verifier-caches.ts';
import { checkExpectedToken, type ExpectedToken } from './claims/expected-token.ts';
import type { VerifiedAccessToken } from './claims/verified-access-token.ts';
import { explainToken, type TokenExplanation } from './explanation/explain-token.ts';
import { createTrustedIssuers } from './issuers/trusted-issuers.ts';
import { checkVerifierOptions } from './options/verifier-option-types.ts';
import type { AccessTokenVerifierOptions, VerifierOptions } from './options/verifier-options.ts';
import {
  createProtectedResourceMetadata,
  createProtectedResourceMetadataUrl,
} from './protected-resource-metadata.ts';
import { createErrorConversion } from './public-errors.ts';
import type { ChallengeOptions } from './rejections/challenge.ts';
import { createConsoleLog } from './rejections/failure-log.ts';
import { invalidToken, Rejection } from './rejections/rejection.ts';
import { AuthenticatedRequest } from './requests/authenticated-request.ts';
import {
  type Credentials,
  findCredentials,
  findPlainToken,
  type ResourceRequest,
} from './requests/credentials.ts';
import { type AccessRequirements, checkRequirements } from './requirements.ts';
import { createSenderConstraintCheck } from './sender-constraint/sender-constraint-check.ts';
import { createTokenVerification } from './token-verification.ts';

/** Verifies access tokens for a resource server. Created by {@link createAccessTokenVerifier}. */
export interface AccessTokenVerifier {
  /**
   * Verifies the access token of a request.
   *
   * @throws AccessTokenError when the token is missing or rejected: respond with its `status` and `challenges`
   * @throws TransportError when the token cannot be verified now: respond with 503
   * @see https://www.rfc-editor.org/rfc/rfc9068#section-4
   * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-7.1
   * @see https://www.rfc-editor.org/rfc/rfc8705#section-3
   */
  verify(request: ResourceRequest): Promise<AuthenticatedRequest>;
  /**
   * Verifies the access token of a request that may be anonymous. Rejects an invalid token as `verify` does.
   *
   * @returns `undefined` for a request without an access token
   * @throws AccessTokenError when the token is rejected
   * @throws TransportError when the token cannot be verified now
   */
  verifyOptional(request: ResourceRequest): Promise<AuthenticatedRequest | undefined>;
  /**
   * Finds the result of an earlier `verify`, synchronously. Never throws.
   *
   * @returns `undefined` if the token is not cached, is sender-constrained, or must be rejected: call `verify` then
   */
  findCachedRequest?(request: ResourceRequest): AuthenticatedRequest | undefined;
  /**
   * Verifies a token without its request. Does not check a sender constraint. Can be used as `validateAccessToken` of a
   * client.
   *
   * @throws AccessTokenError when the token is rejected or differs from `expected`
   * @throws TransportError when the token cannot be verified now
   * @see https://www.rfc-editor.org/rfc/rfc9068#section-4
   */
  verifyToken(token: string, expected?: ExpectedToken): Promise<VerifiedAccessToken>;
  /**
   * Checks the requirements of an operation.
   *
   * @throws AccessTokenError that names the missing scope, permission, role or login
   * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
   * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
   */
  authorize(request: AuthenticatedRequest, requirements: AccessRequirements): void;
  /**
   * Creates an error for a decision of the application: status 403 without a challenge, since another token would not help.
   *
   * @param description sent to the client
   * @example
   * ```ts
   * import type { AccessTokenVerifier, AuthenticatedRequest } from '@countersign/core/resource-server';
   *
   * function requireOwner(verifier: AccessTokenVerifier, request: AuthenticatedRequest, owner: string) {
   *   if (request.accessToken.sub !== owner) throw verifier.createAccessDeniedError('The item belongs to another user');
   * }
   * ```
   */
  createAccessDeniedError(description: string): AccessTokenError;
  /**
   * Explains to a developer which checks would reject a token, and which option accepts it. For a command, a test or a
   * debugger, never for a response: it describes the configuration. Its result contains no claim value except `iss`,
   * `aud`, `typ`, `alg` and times. It verifies the token, so keys may be fetched and `validate` may run.
   *
   * @throws ConfigurationError `wrong_context` with `NODE_ENV=production`
   * @see https://www.rfc-editor.org/rfc/rfc9068#section-4
   * @example
   * ```ts
   * import type { AccessTokenVerifier } from '@countersign/core/resource-server';
   *
   * async function explain(verifier: AccessTokenVerifier, token: string) {
   *   const { text } = await verifier.explainToken(token);
   *   console.log(text);
   * }
   * ```
   */
  explainToken(token: string): Promise<TokenExplanation>;
  /** Reads counts, caches and keys, for health checks and metrics. Starts no fetch. */
  statistics(): VerifierStatistics;
  /** The metadata document of this resource server; `undefined` without `protectedResource`. @see https://www.rfc-editor.org/rfc/rfc9728#section-2 */
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Creates a verifier of access tokens for a resource server.
 *
 * @throws ConfigurationError when an option is missing or invalid
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-4
 * @see https://www.rfc-editor.org/rfc/rfc6750
 * @see https://www.rfc-editor.org/rfc/rfc8725
 * @example
 * ```ts
 * import { createAccessTokenVerifier } from '@countersign/core/resource-server';
 *
 * const verifier = createAccessTokenVerifier({
 *   issuer: 'https://auth.example.com',
 *   audience: 'https://api.example.com',
 * });
 *
 * async function listItems(request: Request) {
 *   const { method, url, headers } = request;
 *   const authenticated = await verifier.verify({ method, url, headers });
 *   verifier.authorize(authenticated, { scopes: ['items:read'] });
 *   return Response.json({ owner: authenticated.accessToken.sub });
 * }
 * ```
 */
export function createAccessTokenVerifier(options: AccessTokenVerifierOptions): AccessTokenVerifier {
  checkVerifierOptions(options);
  const now = options.now ?? Date.now;
  const { onEvent } = options;
  const reportFailure = onEvent ?? createConsoleLog(now);
  const clockTolerance = checkRange('clockTolerance', options.clockTolerance ?? 30, {
    min: 0,
    max: 300,
    unit: 'seconds',
  });
  const counts = new VerifierCounts();
  const caches = createVerifierCaches(
    {
      maxEntries: checkRange('cache.maxEntries', options.cache?.maxEntries ?? 20_000, {
        min: 0,
        max: 10_000_000,
        unit: 'entries',
      }),
      maxCharacters: checkRange('cache.maxCharacters', options.cache?.maxCharacters ?? 32_000_000, {
        min: 0,
        max: 1_000_000_000,
        unit: 'characters',
      }),
    },
    { now, counts },
  );
  const issuers = createTrustedIssuers(options, { now, clockTolerance, caches, onEvent: reportFailure });
  const senderConstraint = createSenderConstraintCheck(options, { now, clockTolerance });
  const tokens = createTokenVerification({
    issuers,
    caches,
    now,
    clockTolerance,
    maxTokenLength: checkRange('maxTokenLength', options.maxTokenLength ?? 16_384, {
      min: 256,
      max: 1_048_576,
      unit: 'characters',
    }),
    onEvent,
    createPlainRequest(token, verifiedToken) {
      const credentials = { scheme: 'Bearer', token } as const;
      return senderConstraint.canSkip(credentials, verifiedToken)
        ? new AuthenticatedRequest(credentials, verifiedToken)
        : undefined;
    },
  });
  const challenge: ChallengeOptions = {
    realm: options.realm,
    resourceMetadata: findResourceMetadataUrl(options),
    schemes: senderConstraint.schemes,
    dpopAlgorithms: senderConstraint.dpopAlgorithms,
  };
  const toPublicError = createErrorConversion({ counts, challenge, reportFailure });

  async function authenticate(request: ResourceRequest): Promise<AuthenticatedRequest | undefined> {
    let credentials: Credentials | undefined;
    try {
      credentials = findCredentials(request);
      if (!credentials) return undefined;
      const accessToken = await tokens.verify(credentials.token);
      const headers = senderConstraint.canSkip(credentials, accessToken)
        ? undefined
        : await senderConstraint.check(request, credentials, accessToken);
      return new AuthenticatedRequest(credentials, accessToken, headers);
    } catch (error) {
      throw toPublicError(error, credentials?.scheme);
    }
  }

  function findCachedRequest(request: ResourceRequest): AuthenticatedRequest | undefined {
    try {
      const token = findPlainToken(request);
      const cachedToken = token === undefined ? undefined : caches.verifiedTokens.find(token);
      if (!cachedToken?.request) return undefined;
      tokens.recordHit(cachedToken);
      return cachedToken.request;
    } catch {
      // `verify` throws the error of an invalid request.
      return undefined;
    }
  }

  /** Returns the shared promise of a token that was verified before, so that a cache hit allocates nothing. */
  function findCachedToken(token: string): Promise<VerifiedAccessToken> | undefined {
    try {
      return typeof token === 'string' ? tokens.findVerified(token)?.result : undefined;
    } catch {
      // `verifyText` rejects with the error, for example of the clock.
      return undefined;
    }
  }

  async function verifyText(
    token: string,
    expected: ExpectedToken | undefined,
  ): Promise<VerifiedAccessToken> {
    try {
      if (typeof token !== 'string') throw invalidToken('format', 'The access token is not a string');
      const verifiedToken = await tokens.verify(token);
      if (expected) checkExpectedToken(verifiedToken, expected);
      return verifiedToken;
    } catch (error) {
      throw toPublicError(error, undefined);
    }
  }

  const verifier: AccessTokenVerifier = {
    async verify(request) {
      const authenticatedRequest = await authenticate(request);
      if (authenticatedRequest) return authenticatedRequest;
      throw toPublicError(
        new Rejection('token_missing', 'authorization', 'An access token is required'),
        undefined,
      );
    },
    verifyOptional: authenticate,
    findCachedRequest,
    verifyToken: (token, expected) =>
      (expected === undefined ? findCachedToken(token) : undefined) ?? verifyText(token, expected),
    authorize(request, requirements) {
      try {
        checkRequirements(request.accessToken, requirements, { now: seconds(now), clockTolerance });
      } catch (error) {
        throw toPublicError(error, request.scheme);
      }
    },
    createAccessDeniedError: (description) =>
      toPublicError(new Rejection('access_denied', 'policy', description), undefined) as AccessTokenError,
    explainToken: (token) =>
      explainToken(token, {
        issuers,
        now: seconds(now),
        clockTolerance,
        verify: (text) => tokens.verify(text),
        checkBinding: (verifiedToken) => senderConstraint.checkBinding(verifiedToken),
      }),
    statistics: () => readStatistics(caches, issuers, now()),
    metadata:
      options.protectedResource &&
      createProtectedResourceMetadata(options.protectedResource, {
        // A template is not the address of an authorization server.
        issuers: [...issuers.values()].flatMap(({ issuer, tenants }) => (tenants ? [] : [issuer])),
        dpopAlgorithms: senderConstraint.dpopAlgorithms,
        requireBinding: options.requireBinding,
        mtls: Boolean(options.mtls),
      }),
  };
  // The class identifies this copy: an adapter compares it with its own.
  return markObject('verifier', verifier, AuthenticatedRequest);
}

/** RFC 9728 section 5.1: the `resource_metadata` of a challenge. */
function findResourceMetadataUrl({
  resourceMetadata,
  protectedResource,
}: VerifierOptions): string | undefined {
  return (
    resourceMetadata ?? (protectedResource && createProtectedResourceMetadataUrl(protectedResource.resource))
  );
}
