import * as oauth from 'oauth4webapi';
import { seconds } from '../../../internal/clock.ts';
import { parseJwtPart } from '../../../internal/json/jwt-part.ts';
import {
  checkIdTokenClaims,
  createIdTokenError,
  findInvalidTime,
  requireAcceptedTenant,
} from '../../../protocol/tokens/id-token-claims.ts';
import type { Client } from '../../client.ts';
import { getClientContext } from '../../client-context.ts';
import type { IdTokenClaims } from '../token-response.ts';
import { createJwtError, hasOtherJwtType } from './jwt-checks.ts';
import { verifyWithKeys } from './provider-keys.ts';

/** Verifies the signature of the ID token in a processed response. TLS does not prove which issuer created the token. */
export function verifyIdTokenSignature(
  client: Client,
  response: Response,
  tokenIssuer: string | undefined,
): Promise<void> {
  return verifyWithKeys(
    client,
    (metadata, options) => oauth.validateApplicationLevelSignature(metadata, response, options),
    { tokenIssuer },
  );
}

/** Expected values that the protocol library does not check. */
interface ExpectedIdToken {
  readonly acrValues?: readonly string[] | undefined;
  readonly accessToken: string;
  readonly code?: string | undefined;
  readonly responseIssuer?: string | undefined;
}

/**
 * Checks the claims of an ID token after the protocol library has checked them: with the rules that the browser client
 * applies too, and with those of the provider preset.
 *
 * @param jwt the signed ID token. If it was encrypted: the decrypted content.
 * @throws ValidationError `id_token_invalid`
 * @throws TransportError if the application cannot decide about the tenant now
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
export async function validateIdTokenClaims(
  client: Client,
  jwt: string,
  claims: IdTokenClaims,
  expected: ExpectedIdToken,
): Promise<void> {
  const { clientId } = client;
  const { now, clockTolerance, idTokenMaxAge: maxAge, issuerRule } = getClientContext(client);
  const clock = { time: seconds(now), clockTolerance };
  const [header = ''] = jwt.split('.', 1);
  const { alg } = parseJwtPart(header, { createError: createJwtError('id_token_invalid') });
  // An access or logout token is not an ID token (RFC 8725 section 3.11).
  if (hasOtherJwtType(jwt)) throw createIdTokenError('typ', 'is not "JWT"');
  await checkIdTokenClaims(claims, { ...issuerRule, clientId, ...expected }, { alg: String(alg), ...clock });
  const invalidTime = findInvalidTime(claims, { ...clock, maxAge });
  if (invalidTime) throw invalidTime;
  const wrongClaim = client.options.provider?.wrongClaim?.(claims);
  if (wrongClaim !== undefined) throw createIdTokenError(wrongClaim, 'is rejected by the provider preset');
  await requireAcceptedTenant(claims, issuerRule);
}
