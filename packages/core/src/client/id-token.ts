import type * as oauth from 'oauth4webapi';
import { validateApplicationLevelSignature } from 'oauth4webapi';
import { ValidationError } from '../errors.ts';
import { seconds } from '../internal/clock.ts';
import { fromBase64Url, textOf, toBase64Url, utf8 } from '../internal/encoding.ts';
import { contextOf } from './context.ts';
import type { Client } from './create-client.ts';
import { withKeys } from './keys.ts';
import type { IdTokenClaims } from './token-response.ts';

/** Seconds since its issue after which a new ID token is not believed. */
const maxIssueAge = 3600;

/** Verifies the signature of the ID token in a processed answer, always: TLS alone does not say who made it. */
export function verifyIdTokenSignature(client: Client, response: Response): Promise<void> {
  return withKeys(client, (metadata, options) =>
    validateApplicationLevelSignature(metadata, response, options),
  );
}

/** What an ID token is held against, beside the protocol library's checks of iss, aud, azp, exp, nonce and auth_time. */
export interface IdTokenExpectations {
  readonly acrValues?: readonly string[] | undefined;
  readonly accessToken: string;
  readonly code?: string | undefined;
}

/** @see OpenID Connect Core sections 3.1.3.7 (steps 10 to 13) and 3.1.3.8 */
export async function validateIdTokenClaims(
  client: Client,
  idToken: oauth.TokenEndpointResponse['id_token'] & string,
  claims: IdTokenClaims,
  expected: IdTokenExpectations,
): Promise<void> {
  const { now, clockTolerance } = contextOf(client);
  const time = seconds(now);
  if (claims.iat > time + clockTolerance) throw invalid('iat', 'was issued in the future');
  if (claims.iat < time - maxIssueAge - clockTolerance) throw invalid('iat', 'was issued too long ago');
  if (expected.acrValues && !expected.acrValues.includes(String(claims.acr))) {
    throw invalid('acr', 'does not have the authentication context that was asked for');
  }
  const alg = algorithmOf(client, idToken);
  await matchHash('at_hash', claims.at_hash, expected.accessToken, alg);
  if (expected.code !== undefined) await matchHash('c_hash', claims.c_hash, expected.code, alg);
}

/** The algorithm was already held against the registration; here it only chooses the hash. */
function algorithmOf(client: Client, idToken: string): string {
  if (idToken.split('.').length === 5) return contextOf(client).options.idTokenSignedResponseAlg ?? 'RS256';
  const header: { alg: string } = JSON.parse(textOf(fromBase64Url(idToken.slice(0, idToken.indexOf('.')))));
  return header.alg;
}

async function matchHash(claim: string, actual: unknown, value: string, alg: string): Promise<void> {
  if (actual === undefined) return;
  const bits = alg.startsWith('Ed') ? '512' : alg.slice(2);
  const digest = new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, utf8(value)));
  if (toBase64Url(digest.subarray(0, digest.length / 2)) !== actual)
    throw invalid(claim, 'belongs to another answer');
}

function invalid(claim: string, what: string): ValidationError {
  return new ValidationError('id_token_invalid', claim, `id token invalid: ${claim}: it ${what}`);
}
