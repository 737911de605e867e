import { ValidationError } from '../errors.ts';

/** The claims that identify a login. */
interface LoginClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly [claim: string]: unknown;
}

/**
 * Checks that the ID token of a refresh response belongs to the login of the previous ID token. Otherwise the provider
 * could replace the user of a session.
 *
 * @throws ValidationError `id_token_invalid`
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse
 */
export function requireSameLogin(claims: LoginClaims, previousClaims: LoginClaims): void {
  const audience = ({ aud }: LoginClaims) => [aud].flat().sort().join('\n');
  if (claims.iss !== previousClaims.iss) throw differs('iss');
  if (claims.sub !== previousClaims.sub) throw differs('sub');
  if (audience(claims) !== audience(previousClaims)) throw differs('aud');
  for (const name of ['auth_time', 'azp', 'nonce']) {
    const [value, previous] = [claims[name], previousClaims[name]];
    if (value !== undefined && previous !== undefined && value !== previous) throw differs(name);
  }
}

const differs = (claim: string) =>
  new ValidationError(
    'id_token_invalid',
    claim,
    `The refreshed ID token "${claim}" differs from the ID token of the login.`,
  );
