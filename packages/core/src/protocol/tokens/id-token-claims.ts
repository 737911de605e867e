import { ValidationError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import { encodeUtf8, toBase64Url } from '../../internal/encoding.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import { findTokenIssuer, type IssuerRule, isTenantAccepted, type ProviderTenants } from './token-issuer.ts';

/**
 * True for the `typ` header of an ID token: absent, `JWT` or `application/jwt`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7515#section-4.1.9
 */
export const isJwtType = (typ: unknown): boolean =>
  typ === undefined || typ === null || (typeof typ === 'string' && /^(application\/)?jwt$/i.test(typ));

/** Expected values of the claims of an ID token. */
export interface IdTokenExpectations extends IssuerRule {
  readonly clientId: string;
  /** The access token of the same response, for `at_hash`. */
  readonly accessToken: string;
  /** The `iss` of the authorization response (RFC 9207). Default: the response has none. */
  readonly responseIssuer?: string | undefined;
  /** The authorization code, for `c_hash`. */
  readonly code?: string | undefined;
  readonly nonce?: string | undefined;
  /** Seconds. `auth_time` is then required. */
  readonly maxAge?: number | undefined;
  /** `acr` must be one of these. */
  readonly acrValues?: readonly string[] | undefined;
}

/** The clock against which the times of a token are checked. */
export interface ValidationTime {
  /** Seconds since the epoch. */
  readonly time: number;
  /** Seconds by which the clocks of the provider and of this machine may differ. */
  readonly clockTolerance: number;
}

/**
 * Checks the claims of an ID token whose signature is verified. `exp`, `iat` and `nbf` must be of the right type; their
 * values are checked by {@link findInvalidTime}.
 *
 * @param alg the algorithm of the signature, which chooses the hash of `at_hash` and `c_hash`
 * @throws ValidationError `id_token_invalid`
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
export async function checkIdTokenClaims(
  claims: JsonObject,
  expected: IdTokenExpectations,
  { alg, time, clockTolerance }: ValidationTime & { readonly alg: string },
): Promise<void> {
  const { iss, sub, aud, azp, exp, iat, nbf, nonce, auth_time: authTime, acr } = claims;
  const { responseIssuer, clientId, code, maxAge, acrValues } = expected;
  const issuer = requireTokenIssuer(claims, expected);
  if (iss !== issuer) throw createIdTokenError('iss', differs(iss, issuer));
  // The code of one tenant must not be exchanged for the tokens of another one (RFC 9207 section 2.4).
  if (responseIssuer !== undefined && iss !== responseIssuer)
    throw createIdTokenError('iss', differs(iss, responseIssuer));
  if (typeof sub !== 'string' || sub === '' || sub.length > 255) {
    throw createIdTokenError('sub', isDevelopment ? 'is not a string of 1 to 255 characters' : '');
  }
  const audience = [aud].flat();
  if (!audience.includes(clientId) || !audience.every((entry) => typeof entry === 'string')) {
    throw createIdTokenError('aud', differs(aud, clientId));
  }
  // With several audiences, "azp" must name the client to which the token was issued
  // (OpenID Connect Core section 3.1.3.7, steps 3 to 5).
  if (azp === undefined && audience.length !== 1)
    throw createIdTokenError('aud', isDevelopment ? 'has several values, but there is no "azp"' : '');
  if (azp !== undefined && azp !== clientId) throw createIdTokenError('azp', differs(azp, clientId));
  for (const [name, value] of Object.entries({ exp, iat, nbf, auth_time: authTime })) {
    const isOptional = name === 'nbf' || name === 'auth_time';
    if (!Number.isFinite(value) && !(isOptional && value === undefined))
      throw createIdTokenError(name, isDevelopment ? 'is not a number' : '');
  }
  // Binds the token to this login: the token of another login is rejected (OpenID Connect Core section 15.5.2).
  if (expected.nonce !== undefined && nonce !== expected.nonce) {
    throw createIdTokenError(
      'nonce',
      isDevelopment ? 'differs from the nonce of the authorization request' : '',
    );
  }
  if (authTime !== undefined && (authTime as number) < 0)
    throw createIdTokenError('auth_time', isDevelopment ? 'is negative' : '');
  if (maxAge !== undefined && !((authTime as number) + maxAge >= time - clockTolerance)) {
    throw createIdTokenError(
      'auth_time',
      isDevelopment ? `is missing or more than ${maxAge} seconds ago` : '',
    );
  }
  if (acrValues && !acrValues.includes(acr as string)) {
    throw createIdTokenError('acr', differs(acr, acrValues.join(' or ')));
  }
  await checkHash('at_hash', claims.at_hash, { value: expected.accessToken, alg });
  if (code !== undefined) await checkHash('c_hash', claims.c_hash, { value: code, alg });
}

/**
 * Returns the `iss` that an ID token must have.
 *
 * @throws ValidationError `id_token_invalid` if the claim with the tenant is missing or malformed
 */
export function requireTokenIssuer(claims: JsonObject, rule: IssuerRule): string {
  const issuer = findTokenIssuer(rule, claims);
  if (issuer !== undefined) return issuer;
  throw createIdTokenError(
    (rule.tenants as ProviderTenants).claim,
    isDevelopment ? 'is missing or is not the identifier of a tenant' : '',
  );
}

/**
 * Checks that the application accepts the tenant of an ID token. It is the last check, because the function of the
 * application may send a request.
 *
 * @throws ValidationError `id_token_invalid` if it does not
 * @throws TransportError if it cannot decide now
 */
export async function requireAcceptedTenant(claims: JsonObject, rule: IssuerRule): Promise<void> {
  if (await isTenantAccepted(rule, claims)) return;
  const { claim } = rule.tenants as ProviderTenants;
  throw createIdTokenError(
    claim,
    isDevelopment ? `is ${JSON.stringify(claims[claim])}, which acceptTenant does not accept` : '',
  );
}

const clockAdvice = '. Check the clocks of this machine and of the provider';

/**
 * Finds the first time of an ID token that is invalid now.
 *
 * @param clock.maxAge seconds after `iat` for which a new ID token is accepted. Default: 3600.
 * @returns the error to throw, or `undefined` if all times are valid
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation steps 9 and 10
 */
export function findInvalidTime(
  { exp, iat, nbf }: { readonly exp?: unknown; readonly iat?: unknown; readonly nbf?: unknown },
  { time, clockTolerance, maxAge = 3600 }: ValidationTime & { readonly maxAge?: number | undefined },
): ValidationError | undefined {
  if (!((exp as number) > time - clockTolerance))
    return createIdTokenError('exp', isDevelopment ? `is in the past${clockAdvice}` : '');
  if (!((iat as number) <= time + clockTolerance))
    return createIdTokenError('iat', isDevelopment ? `is in the future${clockAdvice}` : '');
  if (!((iat as number) >= time - maxAge - clockTolerance)) {
    return createIdTokenError('iat', isDevelopment ? `is more than ${maxAge} seconds ago${clockAdvice}` : '');
  }
  if (nbf !== undefined && !((nbf as number) <= time + clockTolerance))
    return createIdTokenError('nbf', isDevelopment ? `is in the future${clockAdvice}` : '');
  return undefined;
}

/** Checks that the ID token belongs to the access token or code. @see https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken */
async function checkHash(
  claim: string,
  actual: unknown,
  { value, alg }: { readonly value: string; readonly alg: string },
): Promise<void> {
  if (actual === undefined) return;
  // Ed25519 uses SHA-512. The names of all other algorithms end with the length of their hash.
  const bits = alg.startsWith('Ed') ? '512' : alg.slice(2);
  const digest = new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, encodeUtf8(value)));
  if (toBase64Url(digest.subarray(0, digest.length / 2)) !== actual) {
    throw createIdTokenError(claim, isDevelopment ? 'does not match the response' : '');
  }
}

/** A claim comes from the provider: its text is limited, and its control characters are escaped. */
const differs = (actual: unknown, expected: string) =>
  isDevelopment ? `is ${JSON.stringify(actual)?.slice(0, 100)}, expected ${JSON.stringify(expected)}` : '';

/** Creates the error for a claim or header parameter of an ID token. */
export const createIdTokenError = (claim: string, problem: string): ValidationError =>
  new ValidationError('id_token_invalid', claim, isDevelopment ? `ID token "${claim}" ${problem}.` : '');
