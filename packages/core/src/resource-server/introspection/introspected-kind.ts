import type { JsonObject } from '../../internal/json/json.ts';
import type { AccessTokenProfile } from '../../protocol/tokens/access-token-profile.ts';
import { checkType, readType } from '../claims/claims.ts';
import { rejectForeignJwt } from '../claims/profiles.ts';
import type { CompactJws } from '../parse-jws.ts';
import { invalidToken } from '../rejections/rejection.ts';

/**
 * Members that contain the kind of a token, and their values for access tokens:
 * - `token_type`: RFC 7662 section 2.2, with the values of RFC 6749 section 7.1. Some providers write `refresh_token`.
 *   RFC 8693 section 2.2.1 defines `N_A` for other kinds.
 * - `token_use`: Ory Hydra `access_token` or `refresh_token`, Amazon Cognito `access` or `id`
 * - `typ`: Keycloak `Bearer`, `DPoP`, `ID`, `Refresh`, `Offline`, `Logout`; other providers the `typ` of the JWT
 * - `token_usage`: OpenIddict; `tokenName`: ForgeRock
 */
const accessTokenValues: Readonly<Record<string, RegExp>> = {
  token_type: /^(bearer|dpop|access_token)$/i,
  token_use: /^access(_token)?$/i,
  typ: /^(bearer|dpop|(application\/)?(at\+)?jwt|access_token)$/i,
  token_usage: /^access_token$/i,
  tokenName: /^access_token$/i,
};

/** Members of ID tokens and logout tokens only (OpenID Connect Core section 3.3.2.11, Back-Channel Logout section 2.4). */
const foreignMembers = ['at_hash', 'c_hash', 's_hash', 'events'];

/**
 * Returns a reason if the response describes another kind of token. Issuers also introspect refresh tokens, and some ID
 * tokens: these are active, but they are not access tokens. RFC 7662 section 2.1.
 */
export function rejectOtherKinds(response: JsonObject): string | undefined {
  const isOtherKind =
    foreignMembers.some((name) => response[name] !== undefined) ||
    Object.entries(accessTokenValues).some(([name, values]) => {
      const value = response[name];
      return value !== undefined && !(typeof value === 'string' && values.test(value));
    });
  return isOtherKind ? 'The token is not an access token' : undefined;
}

/**
 * Checks what a JWT says of itself before it is introspected. Its signature is not verified, so that its content can only lead to
 * a rejection. The type may be missing or `JWT`: issuers that are asked for each token need not tell their tokens apart.
 *
 * @throws Rejection if the JWT is of another kind
 */
export function checkIntrospectedJwt({ header, payload }: CompactJws, profile: AccessTokenProfile): void {
  checkType(header, { ...profile, types: [...profile.types, 'at+jwt', 'jwt', ''] });
  // Only the type of access tokens tells them apart.
  const types = readType(header) === 'at+jwt' ? profile.types : [''];
  const reason = rejectForeignJwt(payload, { ...profile, types });
  if (reason !== undefined) throw invalidToken('profile', reason);
}
