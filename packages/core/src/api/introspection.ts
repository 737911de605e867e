import * as oauth from 'oauth4webapi';
import type { ClientAuthentication } from '../client/client-authentication.ts';
import { contextOf, requestOptions, wireClient } from '../client/context.ts';
import type { Client } from '../client/create-client.ts';
import { discover } from '../client/discovery.ts';
import { withKeys } from '../client/keys.ts';
import { checkJwt } from '../client/opened-jwt.ts';
import { TransportError, ValidationError } from '../errors.ts';
import { seconds } from '../internal/clock.ts';
import type { JsonObject } from '../internal/json.ts';
import type { SignatureAlgorithm } from '../internal/signature-algorithms.ts';
import { createSingleFlight } from '../internal/single-flight.ts';
import { readClaims } from './claims.ts';
import type { AccessTokenProfile } from './profiles.ts';
import { invalidToken, Refusal } from './refusal.ts';
import type { VerifiedAccessToken } from './verified-access-token.ts';

/** How the issuer is asked about tokens. @see RFC 7662 section 2 */
export interface IntrospectionOptions {
  /** This API's own client at the issuer. */
  readonly clientId: string;
  /** How that client proves who it is, for example `clientSecretBasic('...')`. @see RFC 7662 section 2.1 */
  readonly clientAuthentication: ClientAuthentication;
  /** URL to ask at. Default: the `introspection_endpoint` that discovery says. */
  readonly endpoint?: string;
  /** Which tokens are asked about. Default: `opaque`, those that are no JWT; `all` notices revocation of JWTs too. */
  readonly tokens?: 'opaque' | 'all';
  /** Seconds for which an answer is believed, never beyond the token's `exp`. Default: 30. @see RFC 7662 section 4 */
  readonly maxAge?: number;
  /** Seconds for which a token that is not active is refused without asking again. Default: 10. */
  readonly negativeMaxAge?: number;
  /**
   * The registered `introspection_signed_response_alg`: the issuer signs its answers, and one that is not signed is
   * not believed. Default: answers are JSON, protected by TLS. @see RFC 9701 section 5
   */
  readonly signedResponseAlg?: SignatureAlgorithm;
  /** Accept answers that do not say for whom the token is: only where the issuer answers each API about its own tokens. */
  readonly allowMissingAudience?: boolean;
}

export interface Introspected {
  readonly verified: VerifiedAccessToken;
  /** Milliseconds since the epoch from which on the answer must not be believed any more. */
  readonly deadAt: number;
}

/** Entries of tokens that are not active. */
const negativeAtMost = 1_000;

/**
 * Asks the issuer about a token: one request at a time per token.
 *
 * @throws Refusal when the token is not active or not for this API
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
  const { now } = contextOf(client);
  const { maxAge = 30, negativeMaxAge = 10 } = options;
  const flights = createSingleFlight<Introspected>();
  const inactive = new Map<string, number>();
  const profile: AccessTokenProfile = {
    ...expected.profile,
    name: 'introspection',
    types: [],
    // RFC 7662 section 2.2 requires nothing but `active`; an answer without `aud` could be about any API's token.
    required: options.allowMissingAudience ? [] : ['aud'],
    refuse: refuseOtherTypes,
    ...(options.allowMissingAudience && {
      audience: (claims: JsonObject) => claims.aud ?? expected.audiences[0],
    }),
  };

  async function introspect(token: string): Promise<Introspected> {
    const answer = await ask(client, options, token);
    if (answer.active !== true) {
      if (inactive.size >= negativeAtMost) inactive.clear();
      inactive.set(token, now() + negativeMaxAge * 1000);
      throw invalidToken('active', 'The access token is not active');
    }
    const time = now();
    const { active: _, ...claims } = answer;
    const verified = readClaims(
      { iss: client.issuer, exp: Math.floor(time / 1000) + maxAge, ...claims },
      { ...expected, issuer: client.issuer, profile, now: seconds(now) },
    );
    const deadAt = Math.min((verified.expiresAt + expected.clockTolerance) * 1000, time + maxAge * 1000);
    return { verified, deadAt };
  }

  return async (token) => {
    if ((inactive.get(token) ?? 0) > now()) throw invalidToken('active', 'The access token is not active');
    return flights(token, () => introspect(token));
  };
}

async function ask(client: Client, options: IntrospectionOptions, token: string): Promise<JsonObject> {
  const { authentication } = contextOf(client);
  try {
    const metadata = {
      ...(await discover(client)),
      ...(options.endpoint !== undefined && { introspection_endpoint: options.endpoint }),
    };
    const wire = wireClient(client);
    const response = await oauth.introspectionRequest(metadata, wire, authentication.apply, token, {
      ...requestOptions(client),
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
      await withKeys(client, (as, keys) => oauth.validateApplicationLevelSignature(as, response, keys));
    }
    return answer;
  } catch (error) {
    if (error instanceof TransportError || error instanceof Refusal) throw error;
    // That this API is not let in, or is answered with nonsense, says nothing about the token.
    throw new TransportError('server_error', 'The issuer cannot be asked about access tokens at the moment.');
  }
}

/** An issuer also answers about refresh tokens; one that says so must not be taken for an access token. */
function refuseOtherTypes({ token_type: type }: JsonObject): string | undefined {
  if (type === undefined || (typeof type === 'string' && /^(bearer|dpop|access_token)$/i.test(type)))
    return undefined;
  return 'The token is not an access token';
}
