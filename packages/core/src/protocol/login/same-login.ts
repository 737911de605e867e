import { ValidationError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import { parseJwtPart } from '../../internal/json/jwt-part.ts';
import type { ProviderTenants } from '../tokens/token-issuer.ts';

/** The claims that identify a login. */
export interface LoginClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly [claim: string]: unknown;
}

/**
 * Checks that the ID token of a refresh response names the user of the previous ID token. Otherwise the provider could
 * replace the user of a session. The claims need not be verified: a response with another user is rejected in any case.
 * Another tenant counts as another `iss`. A claim that is `null` or empty names no user: only that ID token is ignored,
 * because {@link findLoginDifference} finds it. A number may name another user.
 *
 * @throws ValidationError `id_token_invalid` with the check `iss` or `sub`: the tokens of the response belong to another
 *   user, and the login ends
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse
 */
export function requireSameUser(
  claims: JsonObject,
  previousClaims: LoginClaims,
  tenants?: Pick<ProviderTenants, 'claim'>,
): void {
  for (const name of ['iss', 'sub', tenants?.claim ?? 'iss']) {
    const value = claims[name] ?? '';
    const isAbsent = typeof value === 'string' && value.trim() === '';
    if (!isAbsent && value !== previousClaims[name]) throw createDifference(name === 'sub' ? name : 'iss');
  }
}

/** True for the error of {@link requireSameUser}. With any other error of a refreshed ID token, only that ID token is ignored. */
export const isOtherUserError = (error: unknown): boolean =>
  error instanceof ValidationError &&
  error.code === 'id_token_invalid' &&
  (error.check === 'iss' || error.check === 'sub');

/**
 * Finds the first claim by which a refreshed ID token differs from the ID token of the login, although it names no other
 * user. Some providers add audiences, or change `auth_time` after a login of the user in another application. Such an ID
 * token is not stored, but the other tokens of the response are.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse
 */
export function findLoginDifference(
  claims: JsonObject,
  previousClaims: LoginClaims,
): ValidationError | undefined {
  for (const name of ['iss', 'sub']) {
    if (claims[name] !== previousClaims[name]) return createDifference(name);
  }
  const audience = ({ aud }: { readonly aud?: unknown }) => [aud].flat().sort().join('\n');
  if (audience(claims) !== audience(previousClaims)) return createDifference('aud');
  for (const name of ['auth_time', 'azp', 'nonce']) {
    const [value, previous] = [claims[name] ?? undefined, previousClaims[name] ?? undefined];
    if (value !== undefined && previous !== undefined && value !== previous) return createDifference(name);
  }
  return undefined;
}

/** Reads the claims of a JWT whose signature may be invalid. Returns `undefined` if it is malformed. */
export function readUnverifiedClaims(jwt: string): JsonObject | undefined {
  try {
    return parseJwtPart(jwt.split('.', 3)[1] ?? '', { createError: () => new Error() });
  } catch {
    return undefined;
  }
}

const createDifference = (claim: string) =>
  new ValidationError(
    'id_token_invalid',
    claim,
    isDevelopment ? `The refreshed ID token "${claim}" differs from the ID token of the login.` : '',
  );
