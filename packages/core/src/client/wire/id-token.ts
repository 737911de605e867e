import * as oauth from 'oauth4webapi';
import { ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { encodeUtf8, toBase64Url } from '../../internal/encoding.ts';
import { parseJwtPart } from '../../internal/json/jwt-part.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { createJwtError, hasOtherJwtType } from './jwt-checks.ts';
import { verifyWithKeys } from './provider-keys.ts';
import type { IdTokenClaims } from './token-response.ts';

/** Seconds since its issue after which a new ID token is not believed. */
const maxIssueAge = 3600;

/** Verifies the signature of the ID token in a processed answer, always: TLS alone does not say who made it. */
export function verifyIdTokenSignature(client: Client, response: Response): Promise<void> {
  return verifyWithKeys(client, (metadata, options) =>
    oauth.validateApplicationLevelSignature(metadata, response, options),
  );
}

/** What an ID token is held against, beside the protocol library's checks of iss, aud, exp, nbf, nonce and auth_time. */
export interface IdTokenExpectations {
  readonly acrValues?: readonly string[] | undefined;
  readonly accessToken: string;
  readonly code?: string | undefined;
  /** Skips the checks of times: {@link isTimely} runs separately. Default: false. */
  readonly ignoreTimes?: boolean;
}

/** True while the clock of this machine agrees with the times of an ID token. */
export function isTimely(client: Client, { iat, exp, nbf }: IdTokenClaims): boolean {
  const { now, clockTolerance } = getClientContext(client);
  const time = seconds(now);
  const begun = typeof nbf !== 'number' || nbf <= time + clockTolerance;
  return (
    begun &&
    exp > time - clockTolerance &&
    iat <= time + clockTolerance &&
    iat >= time - maxIssueAge - clockTolerance
  );
}

/**
 * @param jwt the signed ID token; when it came encrypted, what was inside
 * @see OpenID Connect Core sections 3.1.3.7 (steps 5 and 10 to 13) and 3.1.3.8
 */
export async function validateIdTokenClaims(
  client: Client,
  jwt: string,
  claims: IdTokenClaims,
  expected: IdTokenExpectations,
): Promise<void> {
  const { now, clockTolerance } = getClientContext(client);
  const [header = ''] = jwt.split('.', 1);
  const { alg } = parseJwtPart(header, { refuse: createJwtError('id_token_invalid') });
  // An access or logout token is no ID token (RFC 8725 section 3.11).
  if (hasOtherJwtType(jwt)) throw invalid('typ', 'is of another kind');
  if (claims.sub === '' || claims.sub.length > 255) throw invalid('sub', 'must have 1 to 255 characters');
  if (claims.azp !== undefined && claims.azp !== client.clientId) {
    throw invalid('azp', 'was issued to another client');
  }
  const time = seconds(now);
  if (!expected.ignoreTimes) {
    if (claims.iat > time + clockTolerance) throw invalid('iat', 'was issued in the future');
    if (claims.iat < time - maxIssueAge - clockTolerance) throw invalid('iat', 'was issued too long ago');
  }
  if (expected.acrValues && !expected.acrValues.includes(claims.acr as string)) {
    throw invalid('acr', 'does not have the authentication context that was asked for');
  }
  const wrong = client.options.provider?.wrongClaim?.(claims);
  if (wrong !== undefined) throw invalid(wrong, 'is not what this client expects');
  await matchHash('at_hash', claims.at_hash, expected.accessToken, String(alg));
  if (expected.code !== undefined) await matchHash('c_hash', claims.c_hash, expected.code, String(alg));
}

async function matchHash(claim: string, actual: unknown, value: string, alg: string): Promise<void> {
  if (actual === undefined) return;
  // Ed25519 hashes with SHA-512; the other names end with the number of bits.
  const bits = alg.startsWith('Ed') ? '512' : alg.slice(2);
  const digest = new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, encodeUtf8(value)));
  if (toBase64Url(digest.subarray(0, digest.length / 2)) !== actual)
    throw invalid(claim, 'belongs to another answer');
}

function invalid(claim: string, what: string): ValidationError {
  return new ValidationError('id_token_invalid', claim, `id token invalid: ${claim}: it ${what}`);
}
