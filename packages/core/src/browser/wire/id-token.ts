import type { IdTokenClaims } from '../../client/wire/token-response.ts';
import { ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { encodeUtf8, fromBase64Url, toBase64Url } from '../../internal/encoding.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import { parseJwtPart } from '../../internal/json/jwt-part.ts';
import type { BrowserContext } from '../options.ts';
import { verifySignature } from './signature.ts';

/** What an ID token is held against. */
export interface IdTokenExpectations {
  readonly accessToken: string;
  readonly code?: string;
  readonly nonce?: string;
  readonly maxAge?: number;
  readonly acrValues?: readonly string[];
}

/** Seconds since its issue after which a new ID token is not believed. */
const maxIssueAge = 3600;

/**
 * Validates an ID token, its signature included: TLS alone does not say who made it.
 *
 * @throws ValidationError `id_token_invalid`
 * @see OpenID Connect Core sections 3.1.3.7 and 3.1.3.8
 */
export async function validateIdToken(
  context: BrowserContext,
  idToken: string,
  expected: IdTokenExpectations,
): Promise<IdTokenClaims> {
  const alg = context.options.idTokenSignedResponseAlg ?? 'RS256';
  const parts = idToken.split('.');
  const [protectedHeader = '', payload = '', signature = ''] = parts;
  const header = parse(protectedHeader);
  require(parts.length === 3, 'format');
  // The algorithm is fixed by registration, so that the token cannot choose `none` or HMAC (RFC 8725 section 3.1).
  require(header.alg === alg, 'alg');
  // Extensions that must be understood are not (RFC 7515 section 4.1.11).
  require(header.crit === undefined, 'crit');
  // A token of another kind, an access or logout token, is no ID token (RFC 8725 section 3.11).
  const { typ = 'JWT' } = header;
  require(typeof typ === 'string' && /^jwt$/i.test(typ), 'typ');
  const signed = encodeUtf8(`${protectedHeader}.${payload}`);
  require(await verifySignature(context, { alg, kid: header.kid }, signed, bytesOf(signature)), 'signature');
  const claims = parse(payload);
  await checkClaims(context, claims, expected, alg);
  return claims as unknown as IdTokenClaims;
}

async function checkClaims(
  { issuer, clientId, now, clockTolerance }: BrowserContext,
  claims: JsonObject,
  expected: IdTokenExpectations,
  alg: string,
): Promise<void> {
  const { iss, sub, aud, azp, exp, iat, nbf, nonce, auth_time: authTime, acr } = claims;
  const time = seconds(now);
  require(iss === issuer, 'iss');
  require(typeof sub === 'string' && sub !== '' && sub.length <= 255, 'sub');
  const audience = [aud].flat();
  require(audience.includes(clientId) && audience.every((entry) => typeof entry === 'string'), 'aud');
  // Others may have it too only if it says that it was issued to us (OpenID Connect Core section 3.1.3.7, 3 to 5).
  require(azp !== undefined || audience.length === 1, 'aud');
  require(azp === undefined || azp === clientId, 'azp');
  require(isNumber(exp) && exp > time - clockTolerance, 'exp');
  require(isNumber(iat) && iat <= time + clockTolerance && iat >= time - maxIssueAge - clockTolerance, 'iat');
  require(nbf === undefined || (isNumber(nbf) && nbf <= time + clockTolerance), 'nbf');
  // Binds the token to this login: another one's cannot be injected (OpenID Connect Core section 15.5.2).
  require(expected.nonce === undefined || nonce === expected.nonce, 'nonce');
  require(authTime === undefined || (isNumber(authTime) && authTime >= 0), 'auth_time');
  const { maxAge, acrValues } = expected;
  require(maxAge === undefined ||
    (isNumber(authTime) && authTime + maxAge >= time - clockTolerance), 'auth_time');
  require(acrValues === undefined || acrValues.includes(acr as string), 'acr');
  await matchHash('at_hash', claims.at_hash, expected.accessToken, alg);
  if (expected.code !== undefined) await matchHash('c_hash', claims.c_hash, expected.code, alg);
}

/** A refreshed ID token that speaks of another login would swap the user in place (OpenID Connect Core section 12.2). */
export function requireSameLogin(fresh: IdTokenClaims, kept: IdTokenClaims): void {
  require(fresh.iss === kept.iss, 'iss');
  require(fresh.sub === kept.sub, 'sub');
  require([fresh.aud].flat().sort().join() === [kept.aud].flat().sort().join(), 'aud');
  for (const claim of ['auth_time', 'azp', 'nonce']) {
    require(fresh[claim] === undefined || kept[claim] === undefined || fresh[claim] === kept[claim], claim);
  }
}

async function matchHash(claim: string, actual: unknown, value: string, alg: string): Promise<void> {
  if (actual === undefined) return;
  const bits = alg.startsWith('Ed') ? '512' : alg.slice(2);
  const digest = new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, encodeUtf8(value)));
  require(toBase64Url(digest.subarray(0, digest.length / 2)) === actual, claim);
}

const isNumber = (value: unknown): value is number => Number.isFinite(value);

function require(valid: boolean, check: string): asserts valid {
  if (!valid) throw invalid(check);
}

const invalid = (check: string) =>
  new ValidationError('id_token_invalid', check, `ID token: ${check} is not what it must be.`);

function bytesOf(part: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64Url(part);
  } catch {
    throw invalid('format');
  }
}

/** Limits and repeated members are checked before a claim is read (RFC 7519 section 4). */
const parse = (part: string): JsonObject => parseJwtPart(part, { refuse: () => invalid('format') });
