import * as oauth from 'oauth4webapi';
import type { Client } from '../../client/client.ts';
import { getClientContext } from '../../client/client-context.ts';
import type { ClientAuthentication } from '../../client/wire/client-authentication.ts';
import { discover } from '../../client/wire/discovery.ts';
import { readIntrospectionResponse } from '../../client/wire/introspection-response.ts';
import { createRequestOptions, toProtocolClient } from '../../client/wire/request-options.ts';
import { translateError } from '../../client/wire/translate-error.ts';
import { TransportError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { sha256 } from '../../internal/encoding.ts';
import { type JsonObject, removeNullMembers } from '../../internal/json/json.ts';
import type { SignatureAlgorithm } from '../../internal/signatures/signature-algorithms.ts';
import { createSingleFlight } from '../../internal/single-flight.ts';
import { checkRange } from '../../protocol/option-checks.ts';
import type { AccessTokenProfile } from '../../protocol/tokens/access-token-profile.ts';
import type { VerifierCaches } from '../caches/verifier-caches.ts';
import { readClaims } from '../claims/claims.ts';
import { findForeignClaim } from '../claims/profiles.ts';
import type { VerifiedAccessToken } from '../claims/verified-access-token.ts';
import { invalidToken, Rejection } from '../rejections/rejection.ts';
import { rejectOtherKinds } from './introspected-kind.ts';
import { createIntrospectionBudget, type UnknownTokenLimits } from './introspection-budget.ts';

/**
 * How tokens are introspected at the issuer.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7662#section-2
 * @example
 * ```ts
 * import { clientSecretBasic } from '@countersign/core';
 * import type { IntrospectionOptions } from '@countersign/core/resource-server';
 *
 * const introspection: IntrospectionOptions = {
 *   clientId: 'items-api',
 *   clientAuthentication: clientSecretBasic('a-secret-of-this-api'),
 * };
 * ```
 */
export interface IntrospectionOptions {
  /** Client identifier of this resource server at the issuer. */
  readonly clientId: string;
  /** Authentication of that client, for example `clientSecretBasic('...')`. @see https://www.rfc-editor.org/rfc/rfc7662#section-2.1 */
  readonly clientAuthentication: ClientAuthentication;
  /** URL of the introspection endpoint. Default: `introspection_endpoint` of the issuer's metadata. */
  readonly endpoint?: string | undefined;
  /**
   * Tokens to introspect: `opaque` for tokens that are not JWTs, `jwt` for JWTs of this issuer (to detect revocation), `all`
   * for both. Default: `opaque`.
   */
  readonly tokens?: 'opaque' | 'jwt' | 'all' | undefined;
  /**
   * Returns true for an opaque token that this issuer may have issued, for example
   * `(token) => token.startsWith('ory_at_')`. Any other opaque token is rejected without a request. Required for each
   * issuer if several introspect opaque tokens, since a token must not be sent to another issuer. Default: every opaque
   * token.
   */
  readonly accepts?: ((token: string) => boolean) | undefined;
  /** Seconds for which a response is cached, never beyond the token's `exp`. From 0 to 86,400. Default: 30. @see https://www.rfc-editor.org/rfc/rfc7662#section-4 */
  readonly maxAge?: number | undefined;
  /** Seconds for which the rejection of a token is cached. From 0 to 86,400. Default: 10. */
  readonly negativeMaxAge?: number | undefined;
  /**
   * The registered `introspection_signed_response_alg`. If set, unsigned responses are rejected. Default: responses are JSON,
   * protected by TLS.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9701#section-5
   */
  readonly signedResponseAlg?: SignatureAlgorithm | undefined;
  /**
   * Limits of requests for tokens that the issuer has not confirmed before, so that random tokens cannot flood the issuer.
   * Beyond a limit, such a token leads to 503 with `Retry-After`. Tokens confirmed before are not limited. Default: the
   * defaults of its members.
   */
  readonly unknownTokens?: UnknownTokenLimits | undefined;
  /**
   * Accepts responses without `aud`. Set it only if the issuer confirms to each resource server only tokens that are for
   * it. Default: false.
   */
  readonly allowMissingAudience?: boolean | undefined;
}

export interface Introspected {
  readonly verifiedToken: VerifiedAccessToken;
  /** When the response expires, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Claims that a profile requires of a JWT and that an introspection response may omit (RFC 7662 section 2.2). `readSubject`
 * checks that a subject is present.
 */
const optionalClaims = new Set(['aud', 'sub', 'client_id', 'cid', 'iat', 'jti']);

/**
 * Creates the introspection function of an issuer. Concurrent calls for one token share a request. RFC 7662 section 2.
 *
 * @throws ConfigurationError when an option is invalid
 */
export function createIntrospection(
  client: Client,
  options: IntrospectionOptions,
  expected: {
    /** The `iss` of the issuer's tokens. */
    readonly issuer: string;
    readonly audiences: readonly string[];
    /** Seconds. */
    readonly clockTolerance: number;
    readonly profile: AccessTokenProfile;
    readonly caches: VerifierCaches;
  },
): (token: string, payload?: JsonObject) => Promise<Introspected> {
  const { now } = getClientContext(client);
  const { maxAge = 30, negativeMaxAge = 10 } = options;
  checkRange('introspection.maxAge', maxAge, { min: 0, max: 86_400, unit: 'seconds' });
  checkRange('introspection.negativeMaxAge', negativeMaxAge, { min: 0, max: 86_400, unit: 'seconds' });
  const { counts } = expected.caches;
  const budget = createIntrospectionBudget(options.unknownTokens ?? {}, now);
  const singleFlight = createSingleFlight<Introspected>();
  const rejectedTokens = expected.caches.createRejectedTokens();
  const profile = createIntrospectionProfile(expected, options);

  async function introspect(token: string, payload: JsonObject = {}): Promise<Introspected> {
    const hash = await sha256(token);
    const rejectedToken = rejectedTokens.find(hash);
    if (rejectedToken) {
      counts.hits.rejectedTokens++;
      throw rejectedToken.error;
    }
    const response = removeNullMembers(
      await budget.run(hash, () => requestIntrospection(client, options, token)),
    );
    let verifiedToken: VerifiedAccessToken;
    try {
      verifiedToken = readResponse(response, payload);
    } catch (error) {
      // Each rejection is cached: otherwise the bearer of a token for another API could cause a request each time.
      budget.removeConfirmed(hash);
      rejectedTokens.add(hash, { error, expiresAt: findRejectionExpiry(error, response) });
      throw error;
    }
    const time = now();
    budget.addConfirmed(hash);
    const { expiresAt = Number.POSITIVE_INFINITY } = verifiedToken;
    return {
      verifiedToken,
      expiresAt: Math.min((expiresAt + expected.clockTolerance) * 1000, time + maxAge * 1000),
    };
  }

  /** A response may omit what a JWT contains. The binding and the audience of the JWT still apply. */
  function readResponse({ active, ...claims }: JsonObject, { cnf, aud }: JsonObject): VerifiedAccessToken {
    if (active !== true) throw invalidToken('active', 'The access token is not active');
    const { allowMissingAudience = false } = options;
    return readClaims(
      { iss: expected.issuer, cnf, ...(allowMissingAudience && { aud }), ...claims },
      { ...expected, source: 'introspection', profile, now: seconds(now) },
    );
  }

  /** The rejection of a token that is not valid yet expires when the token becomes valid. */
  function findRejectionExpiry(error: unknown, response: JsonObject): number {
    const expiresAt = now() + negativeMaxAge * 1000;
    const check = error instanceof Rejection ? error.check : '';
    const validFrom = check === 'nbf' || check === 'iat' ? response[check] : undefined;
    if (typeof validFrom !== 'number') return expiresAt;
    return Math.min(expiresAt, (validFrom - expected.clockTolerance) * 1000);
  }

  return (token, payload) => singleFlight(token, () => introspect(token, payload));
}

/** Adapts the issuer's profile to introspection responses. */
function createIntrospectionProfile(
  { profile, audiences }: { readonly profile: AccessTokenProfile; readonly audiences: readonly string[] },
  { allowMissingAudience = false }: IntrospectionOptions,
): AccessTokenProfile {
  const required = profile.required.filter((name) => !optionalClaims.has(name));
  return {
    ...profile,
    types: [],
    // A response without `aud` could describe a token for any API.
    required: allowMissingAudience ? required : ['aud', ...required],
    // RFC 7662 section 2.2 defines member names that an issuer may use instead of its JWT claims.
    clientId: (claims) => profile.clientId?.(claims) ?? claims.client_id,
    scopes: (claims) => profile.scopes?.(claims) ?? claims.scope,
    reject: (claims) =>
      rejectOtherKinds(claims) ?? profile.reject?.(claims) ?? findForeignClaim(claims, profile)?.reason,
    ...(allowMissingAudience && {
      audience: (claims: JsonObject) =>
        (profile.audience ? profile.audience(claims) : claims.aud) ?? audiences[0],
    }),
  };
}

async function requestIntrospection(
  client: Client,
  options: IntrospectionOptions,
  token: string,
): Promise<JsonObject> {
  const { authentication } = getClientContext(client);
  try {
    const metadata = {
      ...(await discover(client)),
      ...(options.endpoint !== undefined && { introspection_endpoint: options.endpoint }),
    };
    const response = await oauth.introspectionRequest(
      metadata,
      toProtocolClient(client),
      authentication.apply,
      token,
      {
        ...createRequestOptions(client),
        additionalParameters: { token_type_hint: 'access_token' },
      },
    );
    return await readIntrospectionResponse(client, metadata, response);
  } catch (error) {
    if (error instanceof TransportError || error instanceof Rejection) throw error;
    // A failed client authentication or a malformed response is not a statement about the token.
    throw new TransportError(
      'server_error',
      'Token introspection at the issuer is temporarily unavailable.',
      {
        cause: translateError(error, { code: 'introspection_invalid', check: 'introspection' }),
      },
    );
  }
}
