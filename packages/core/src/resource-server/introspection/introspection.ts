import * as oauth from 'oauth4webapi';
import { getClientContext } from '../../client/client-context.ts';
import { createRequestOptions, toProtocolClient } from '../../client/wire/request-options.ts';
import type { Client } from '../../client/client.ts';
import type { ClientAuthentication } from '../../client/wire/client-authentication.ts';
import { discover } from '../../client/wire/discovery.ts';
import { checkJwt } from '../../client/wire/jwt-checks.ts';
import { verifyWithKeys } from '../../client/wire/provider-keys.ts';
import { ConfigurationError, TransportError, ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { sha256 } from '../../internal/encoding.ts';
import { type JsonObject, removeNullMembers } from '../../internal/json/json.ts';
import type { SignatureAlgorithm } from '../../internal/signature-algorithms.ts';
import { createSingleFlight } from '../../internal/single-flight.ts';
import { readClaims } from '../claims/claims.ts';
import type { AccessTokenProfile } from '../claims/profiles.ts';
import { invalidToken, Rejection } from '../rejections/rejection.ts';
import type { VerifiedAccessToken } from '../verified-access-token.ts';
import { rejectOtherKinds } from './introspected-kind.ts';
import { createIntrospectionBudget, type UnknownTokenLimits } from './introspection-budget.ts';

/** How the issuer is asked about tokens. @see RFC 7662 section 2 */
export interface IntrospectionOptions {
  /** This API's own client at the issuer. */
  readonly clientId: string;
  /** How that client proves who it is, for example `clientSecretBasic('...')`. @see RFC 7662 section 2.1 */
  readonly clientAuthentication: ClientAuthentication;
  /** URL to ask at. Default: the `introspection_endpoint` that discovery says. */
  readonly endpoint?: string;
  /**
   * Which tokens are asked about: `opaque`, those that are no JWT; `jwt`, JWTs of this issuer, so that revocation is
   * noticed; `all`, both. Default: `opaque`.
   */
  readonly tokens?: 'opaque' | 'jwt' | 'all';
  /**
   * Returns true for an opaque token that this issuer may have issued, for example
   * `(token) => token.startsWith('ory_at_')`. What it does not accept is refused without a request. Required for each
   * issuer when opaque tokens of several are accepted, since a token must not be shown to another issuer. Default: every
   * opaque token.
   */
  readonly accepts?: (token: string) => boolean;
  /** Seconds for which an answer is believed, never beyond the token's `exp`. Default: 30. @see RFC 7662 section 4 */
  readonly maxAge?: number;
  /**
   * Seconds for which a token that is not active, or not for this API, is refused without asking again. Default: 10.
   */
  readonly negativeMaxAge?: number;
  /**
   * The registered `introspection_signed_response_alg`: the issuer signs its answers, and one that is not signed is
   * not believed. Default: answers are JSON, protected by TLS. @see RFC 9701 section 5
   */
  readonly signedResponseAlg?: SignatureAlgorithm;
  /**
   * Limits for requests about tokens that the issuer has not called good before, so that random tokens cannot flood it.
   * Beyond them such a token gets 503 with `Retry-After`; tokens that were good before are asked about without limit.
   */
  readonly unknownTokens?: UnknownTokenLimits;
  /** Accept answers that do not say for whom the token is: only where the issuer answers each API about its own tokens. */
  readonly allowMissingAudience?: boolean;
}

export interface Introspected {
  readonly verified: VerifiedAccessToken;
  /** Milliseconds since the epoch from which on the answer must not be believed any more. */
  readonly deadAt: number;
}

/** Tokens that were refused, by their hashes. */
const refusedAtMost = 1_000;

/** Why a token was refused, and until when it is refused without a request. */
interface RefusedToken {
  readonly error: unknown;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/**
 * Claims that a profile requires of a JWT and that an introspection answer may leave out (RFC 7662 section 2.2). What
 * identifies the subject is checked on its own.
 */
const optional = new Set(['aud', 'sub', 'client_id', 'cid', 'iat', 'jti']);

/**
 * Asks the issuer about a token: one request at a time per token.
 *
 * @throws ConfigurationError when an option is wrong
 * @throws Rejection when the token is not active or not for this API
 * @throws TransportError when the issuer cannot be asked: the token may be good
 * @see RFC 7662 section 2
 */
export function createIntrospection(
  client: Client,
  options: IntrospectionOptions,
  expected: {
    readonly audiences: readonly string[];
    /** Seconds. */
    readonly clockTolerance: number;
    readonly profile: AccessTokenProfile;
  },
): (token: string) => Promise<Introspected> {
  const { now } = getClientContext(client);
  const { maxAge = 30, negativeMaxAge = 10 } = options;
  requireSeconds(maxAge, 'maxAge');
  requireSeconds(negativeMaxAge, 'negativeMaxAge');
  const budget = createIntrospectionBudget(options.unknownTokens ?? {}, now);
  const flights = createSingleFlight<Introspected>();
  const refused = new Map<string, RefusedToken>();
  const profile = introspectedProfile(expected, options);

  async function introspect(token: string): Promise<Introspected> {
    const hash = await sha256(token);
    const known = refused.get(hash);
    if (known && known.until > now()) throw known.error;
    const answer = removeNullMembers(await budget.run(hash, () => ask(client, options, token)));
    let verified: VerifiedAccessToken;
    try {
      verified = readAnswer(answer);
    } catch (error) {
      // Whatever was wrong: otherwise the bearer of a token for another API could cause a request each time.
      budget.removeGood(hash);
      rememberRefused(hash, { error, until: refusedUntil(error, answer) });
      throw error;
    }
    const time = now();
    budget.addGood(hash);
    const { expiresAt = Number.POSITIVE_INFINITY } = verified;
    const deadAt = Math.min((expiresAt + expected.clockTolerance) * 1000, time + maxAge * 1000);
    return { verified, deadAt };
  }

  function readAnswer({ active, ...claims }: JsonObject): VerifiedAccessToken {
    if (active !== true) throw invalidToken('active', 'The access token is not active');
    return readClaims(
      { iss: client.issuer, ...claims },
      { ...expected, source: 'introspection', issuer: client.issuer, profile, now: seconds(now) },
    );
  }

  /** The refusal of a token that is not valid yet ends when the token becomes valid. */
  function refusedUntil(error: unknown, answer: JsonObject): number {
    const until = now() + negativeMaxAge * 1000;
    const check = error instanceof Rejection ? error.check : '';
    const validFrom = check === 'nbf' || check === 'iat' ? answer[check] : undefined;
    if (typeof validFrom !== 'number') return until;
    return Math.min(until, (validFrom - expected.clockTolerance) * 1000);
  }

  function rememberRefused(hash: string, token: RefusedToken): void {
    // The newest stand last, and the oldest go first.
    refused.delete(hash);
    for (const oldest of refused.keys()) {
      if (refused.size < refusedAtMost) break;
      refused.delete(oldest);
    }
    refused.set(hash, token);
  }

  return (token) => flights(token, () => introspect(token));
}

/** The rules of the issuer's profile, for an answer instead of a JWT. */
function introspectedProfile(
  { profile, audiences }: { readonly profile: AccessTokenProfile; readonly audiences: readonly string[] },
  { allowMissingAudience = false }: IntrospectionOptions,
): AccessTokenProfile {
  const required = profile.required.filter((name) => !optional.has(name));
  return {
    ...profile,
    types: [],
    // An answer without `aud` could be about a token for any API.
    required: allowMissingAudience ? required : ['aud', ...required],
    // RFC 7662 section 2.2 has names of its own, which an issuer may use beside those of its JWTs.
    clientId: (claims) => profile.clientId?.(claims) ?? claims.client_id,
    scopes: (claims) => profile.scopes?.(claims) ?? claims.scope,
    reject: (claims) => rejectOtherKinds(claims) ?? profile.reject?.(claims),
    ...(allowMissingAudience && {
      audience: (claims: JsonObject) =>
        (profile.audience ? profile.audience(claims) : claims.aud) ?? audiences[0],
    }),
  };
}

function requireSeconds(value: number, name: string): void {
  if (value >= 0 && value <= 86_400) return;
  throw new ConfigurationError(
    'invalid_option',
    `introspection.${name} must be between 0 and 86400 seconds, got ${value}`,
  );
}

async function ask(client: Client, options: IntrospectionOptions, token: string): Promise<JsonObject> {
  const { authentication } = getClientContext(client);
  try {
    const metadata = {
      ...(await discover(client)),
      ...(options.endpoint !== undefined && { introspection_endpoint: options.endpoint }),
    };
    const wire = toProtocolClient(client);
    const response = await oauth.introspectionRequest(metadata, wire, authentication.apply, token, {
      ...createRequestOptions(client),
      additionalParameters: { token_type_hint: 'access_token' },
    });
    const type = response.headers.get('content-type')?.split(';')[0];
    const signed = type === 'application/token-introspection+jwt';
    // RFC 9701 section 5: where signatures were agreed on, an answer without one may be somebody else's.
    if (response.ok && options.signedResponseAlg !== undefined && !signed) {
      throw new ValidationError('introspection_invalid', 'signature', 'The answer is not signed.');
    }
    if (signed) checkJwt(await response.clone().text(), { code: 'introspection_invalid' });
    const answer = { ...(await oauth.processIntrospectionResponse(metadata, wire, response)) };
    if (signed) {
      await verifyWithKeys(client, (as, keys) => oauth.validateApplicationLevelSignature(as, response, keys));
    }
    return answer;
  } catch (error) {
    if (error instanceof TransportError || error instanceof Rejection) throw error;
    // That this API is not let in, or is answered with nonsense, says nothing about the token.
    throw new TransportError('server_error', 'The issuer cannot be asked about access tokens at the moment.');
  }
}
