import type { JsonObject } from '../../internal/json/json.ts';

/**
 * Members that say what kind of token it is, and the values of an access token:
 * - `token_type`: RFC 7662 section 2.2, with the values of RFC 6749 section 7.1; some providers write `refresh_token`,
 *   and RFC 8693 section 2.2.1 has `N_A` for what is no access token
 * - `token_use`: Ory Hydra `access_token` or `refresh_token`, Amazon Cognito `access` or `id`
 * - `typ`: Keycloak `Bearer`, `DPoP`, `ID`, `Refresh`, `Offline`, `Logout`; others the `typ` of the JWT
 * - `token_usage`: OpenIddict; `tokenName`: ForgeRock
 */
const accessTokenValues: Readonly<Record<string, RegExp>> = {
  token_type: /^(bearer|dpop|access_token)$/i,
  token_use: /^access(_token)?$/i,
  typ: /^(bearer|dpop|(application\/)?(at\+)?jwt|access_token)$/i,
  token_usage: /^access_token$/i,
  tokenName: /^access_token$/i,
};

/** Members that only ID tokens and logout tokens have (OpenID Connect Core section 3.3.2.11, Back-Channel Logout section 2.4). */
const foreign = ['at_hash', 'c_hash', 's_hash', 'events'];

/**
 * An issuer answers about refresh tokens too, and some about ID tokens: they are active, and no access tokens.
 *
 * @returns why the answer is about another kind of token, or `undefined`
 * @see RFC 7662 section 2.1
 */
export function rejectOtherKinds(answer: JsonObject): string | undefined {
  const isOther =
    foreign.some((name) => answer[name] !== undefined) ||
    Object.entries(accessTokenValues).some(([name, values]) => {
      const value = answer[name];
      return value !== undefined && !(typeof value === 'string' && values.test(value));
    });
  return isOther ? 'The token is not an access token' : undefined;
}
