import type { JsonObject } from '../../internal/json/json.ts';
import type {
  AccessTokenProfile,
  AccessTokenProfileName,
} from '../../protocol/tokens/access-token-profile.ts';
import { isServiceAccount, isServiceAccountName } from './service-account.ts';

/** Claims of ID tokens and logout tokens only (OpenID Connect Core section 2, Back-Channel Logout section 2.4). */
const foreignClaims = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'];

const foreignReason = 'The token is an ID token or a logout token, not an access token';

const rejectForeign = (claims: JsonObject): string | undefined =>
  foreignClaims.some((claim) => claims[claim] !== undefined) ? foreignReason : undefined;

/**
 * Finds a claim that only other JWTs of the issuer have, if neither the type nor a built-in check tells them apart (RFC 8725
 * section 3.12).
 */
export function findForeignClaim(claims: JsonObject, profile: AccessTokenProfile) {
  const { types, reject, allowedIdTokenClaims = [] } = profile;
  const isTyped = !types.includes('jwt') && !types.includes('');
  if (isTyped || (reject && isBuiltInCheck(reject))) return undefined;
  const claim = foreignClaims.find(
    (name) => claims[name] !== undefined && !allowedIdTokenClaims.includes(name),
  );
  return claim === undefined ? undefined : { claim, reason: foreignReason };
}

/** Returns a reason if the claims of an introspected JWT are those of another kind of token. Some issuers confirm such tokens. */
export const rejectForeignJwt = (claims: JsonObject, profile: AccessTokenProfile): string | undefined =>
  profile.reject && isBuiltInCheck(profile.reject)
    ? profile.reject(claims)
    : findForeignClaim(claims, profile)?.reason;

/** Old policies of Azure AD B2C write the same sentence as `sub` for every user: "Not supported currently. Use oid claim." */
const isPlaceholder = (sub: unknown): boolean => typeof sub === 'string' && /^not supported/i.test(sub);

/** AD FS writes `auth_time` as a date such as `2020-03-24T07:30:55.566Z`. */
function readDate(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT[\d:.]{8,20}Z$/.test(value)) return value;
  const milliseconds = Date.parse(value);
  return Number.isNaN(milliseconds) ? value : Math.floor(milliseconds / 1000);
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

const readKeycloakRoles = (access: unknown): unknown[] => {
  const roles = (access as { roles?: unknown } | undefined)?.roles;
  return Array.isArray(roles) ? roles : [];
};

/**
 * A service account is a user named `service-account-<client>`, whose tokens also contain the client's address. A user can
 * choose such a name, but only a login of a user has a time (`auth_time`). A user's token contains a session or a username. After a
 * token exchange, the token of a service account contains another client, and no session.
 *
 * @see https://www.keycloak.org/docs/latest/server_admin/#_service_accounts
 */
function readKeycloakKind(claims: JsonObject): 'user' | 'client' {
  const hasAny = (...names: string[]) => names.some((name) => claims[name] !== undefined);
  if (hasAny('clientHost', 'clientAddress', 'clientId')) return 'client';
  const hasSession = hasAny('sid', 'session_state');
  if (hasSession && hasAny('auth_time')) return 'user';
  const usernames = [claims.preferred_username, claims.username].filter((name) => name !== undefined);
  const client = claims.client_id ?? claims.azp;
  if (usernames.some((name) => isServiceAccount(name, client))) return 'client';
  return hasSession || (usernames.length > 0 && !usernames.some(isServiceAccountName)) ? 'user' : 'client';
}

/**
 * The built-in profiles. `relaxes` of each lists the rules of RFC 9068 that it does not enforce.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-2
 */
export const profiles: Readonly<Record<AccessTokenProfileName, AccessTokenProfile>> = {
  rfc9068: {
    name: 'rfc9068',
    relaxes: [],
    types: ['at+jwt'],
    required: ['aud', 'sub', 'client_id', 'iat', 'jti'],
  },
  auth0: {
    name: 'auth0',
    relaxes: [
      'section 2.1: `typ` may be `JWT`, which Auth0 writes unless the RFC 9068 profile is enabled for an API',
      'section 2.2: `client_id` may be `azp`, and `jti` may be missing',
    ],
    types: ['at+jwt', 'jwt'],
    required: ['aud', 'sub', 'iat'],
    clientId: (claims) => claims.client_id ?? claims.azp,
    // `gty` is the grant type. The subject of a client credentials token is `<client>@clients`.
    // https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles
    // Users of a database of the application can have any name after `auth0|`.
    kind: ({ gty, sub, azp, client_id: client = azp }) =>
      [gty].flat().includes('client-credentials') ||
      (client === undefined ? String(sub).endsWith('@clients') : sub === `${client}@clients`) ||
      sub === client
        ? 'client'
        : 'user',
    reject: rejectForeign,
  },
  keycloak: {
    name: 'keycloak',
    relaxes: [
      'section 2.1: `typ` may be `JWT`; the claim `typ` must be `Bearer` or `DPoP` instead',
      'section 2.2: `client_id` may be `azp`',
    ],
    types: ['at+jwt', 'jwt'],
    required: ['aud', 'sub', 'iat', 'jti'],
    clientId: (claims) => claims.client_id ?? claims.azp,
    roles: (claims) => [
      ...readKeycloakRoles(claims.realm_access),
      ...Object.entries((claims.resource_access ?? {}) as JsonObject).flatMap(([client, access]) =>
        readKeycloakRoles(access).map((role) => `${client}:${role}`),
      ),
    ],
    kind: readKeycloakKind,
    // Other values: `ID` for ID tokens, `Refresh` and `Offline` for refresh tokens, `Logout` for logout tokens.
    reject: (claims) =>
      claims.typ === 'Bearer' || claims.typ === 'DPoP' ? undefined : 'The token is not an access token',
  },
  entra: {
    name: 'entra',
    relaxes: [
      'section 2.1: `typ` may be `JWT`',
      'section 2.2: `client_id` is `azp` (version 2) or `appid` (version 1), `jti` is `uti`',
      'section 2.2.3: the scope is in `scp`',
    ],
    types: ['at+jwt', 'jwt'],
    required: ['aud', 'sub', 'iat'],
    clientId: (claims) => claims.azp ?? claims.appid,
    scopes: (claims) => claims.scp,
    // `idtyp` is optional. Without it: only users grant scopes, and applications have roles.
    // https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
    kind: (claims) =>
      claims.idtyp === 'user' || (claims.idtyp === undefined && isText(claims.scp)) ? 'user' : 'client',
    // ID tokens contain no client.
    reject: (claims) =>
      rejectForeign(claims) ??
      (claims.azp === undefined && claims.appid === undefined
        ? 'The token is not an access token'
        : undefined),
  },
  'entra-b2c': {
    name: 'entra-b2c',
    relaxes: [
      'section 2.1: `typ` may be `JWT`',
      'section 2.2: `client_id` is `azp`, and `jti` is missing; `sub` is `oid` if the policy writes a placeholder',
      'section 2.2.3: the scope is in `scp`',
      'section 2.2: the claim `nonce` of ID tokens is accepted in a token that has a scope',
    ],
    types: ['at+jwt', 'jwt'],
    required: ['aud', 'sub', 'iat', 'azp'],
    clientId: (claims) => claims.azp,
    scopes: (claims) => claims.scp,
    // The placeholder would make one principal of all users.
    subject: (claims) => (isPlaceholder(claims.sub) ? claims.oid : claims.sub),
    // Only users grant scopes. https://learn.microsoft.com/azure/active-directory-b2c/access-tokens
    kind: (claims) => (isText(claims.scp) ? 'user' : 'client'),
    // Access tokens contain the `nonce` of the login; ID tokens have neither `azp` nor `scp`.
    // https://learn.microsoft.com/azure/active-directory-b2c/tokens-overview
    reject: ({ nonce, ...claims }) =>
      rejectForeign(claims) ??
      (nonce !== undefined && !isText(claims.scp)
        ? 'The token is an ID token or a logout token, not an access token'
        : undefined),
  },
  adfs: {
    name: 'adfs',
    relaxes: [
      'section 2.1: `typ` may be `JWT`',
      'section 2.2: `client_id` is `appid`, `jti` may be missing, and `sub` may be `upn`',
      'section 2.2.1: `auth_time` may be a date as text',
      'section 2.2.3: the scope is in `scp`',
    ],
    types: ['at+jwt', 'jwt'],
    required: ['aud', 'iat', 'appid'],
    clientId: (claims) => claims.appid,
    scopes: (claims) => claims.scp,
    roles: (claims) => claims.roles ?? claims.role ?? claims.group,
    authTime: (claims) => readDate(claims.auth_time),
    // Without a claim rule for `sub`, an access token names its user by `upn` only.
    // https://learn.microsoft.com/windows-server/identity/ad-fs/development/ad-fs-openid-connect-oauth-concepts
    subject: (claims) => claims.sub ?? claims.upn,
    kind: (claims) => (isText(claims.sub ?? claims.upn) && claims.sub !== claims.appid ? 'user' : 'client'),
    // Tokens for a resource name the application. ID tokens contain a nonce or a hash of another token.
    // https://learn.microsoft.com/openspecs/windows_protocols/ms-oidce/586de7dd-3385-47c7-93a2-935d9e90441c
    reject: rejectForeign,
  },
  okta: {
    name: 'okta',
    relaxes: [
      'section 2.1: `typ` may be `JWT`, missing, or `okta-internal-at+jwt`',
      'section 2.2: `client_id` is `cid`',
      'section 2.2.3: the scope is the list `scp`',
    ],
    types: ['at+jwt', 'okta-internal-at+jwt', 'jwt', ''],
    required: ['aud', 'sub', 'iat', 'jti', 'cid'],
    clientId: (claims) => claims.cid,
    scopes: (claims) => claims.scp,
    roles: (claims) => claims.roles ?? claims.groups,
    // `uid` identifies the user and is missing in tokens without one. https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/
    kind: (claims) => (isText(claims.uid) ? 'user' : 'client'),
    reject: rejectForeign,
  },
  cognito: {
    name: 'cognito',
    relaxes: [
      'section 2.1: `typ` may be missing or `JWT`; the claim `token_use` must be `access` instead',
      'section 2.2: `aud` is missing unless the token was requested for a resource; `client_id`, the app client, is compared instead',
    ],
    types: ['at+jwt', 'jwt', ''],
    required: ['sub', 'iat', 'jti', 'client_id'],
    audience: (claims) => claims.aud ?? claims.client_id,
    roles: (claims) => claims['cognito:groups'],
    // `username` identifies the user. A client credentials token has none, and its `sub` is the app client.
    // https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
    kind: (claims) => (isText(claims.username) && claims.sub !== claims.client_id ? 'user' : 'client'),
    reject: (claims) => (claims.token_use === 'access' ? undefined : 'The token is not an access token'),
  },
  hydra: {
    name: 'hydra',
    relaxes: ['section 2.1: `typ` may be `JWT`', 'section 2.2.3: the scope is the list `scp`'],
    types: ['at+jwt', 'jwt'],
    required: ['aud', 'sub', 'client_id', 'iat', 'jti'],
    scopes: (claims) => claims.scp ?? claims.scope,
    // Claims of the consent application are in `ext`. https://www.ory.com/docs/oauth2-oidc/jwt-access-token
    roles: (claims) => (claims.ext as JsonObject | undefined)?.roles,
    reject: rejectForeign,
  },
  authelia: {
    name: 'authelia',
    relaxes: ['section 2.2.3: the scope may be the list `scp`'],
    types: ['at+jwt'],
    required: ['aud', 'sub', 'client_id', 'iat', 'jti'],
    // https://www.authelia.com/integration/openid-connect/introduction/
    scopes: (claims) => claims.scope ?? claims.scp,
    reject: rejectForeign,
  },
  spring: {
    name: 'spring',
    relaxes: [
      'section 2.1: `typ` may be missing or `JWT`',
      'section 2.2: `client_id` is missing; `aud` is the client unless the server is configured otherwise',
    ],
    types: ['at+jwt', 'jwt', ''],
    required: ['aud', 'sub', 'iat', 'jti'],
    // No claim of the server tells users from clients, so a token without a claim about a user belongs to a client.
    // ID tokens have the same shape, and a claim that only they have: the client, the session, or the time of the login.
    reject: (claims) =>
      rejectForeign(claims) ??
      (['azp', 'sid', 'auth_time'].some((name) => claims[name] !== undefined)
        ? 'The token is an ID token, not an access token'
        : undefined),
  },
};

/** Whether the function belongs to a built-in profile: its reasons contain no claim value. */
export const isBuiltInCheck = (reject: AccessTokenProfile['reject']): boolean =>
  Object.values(profiles).some((profile) => profile.reject === reject);
