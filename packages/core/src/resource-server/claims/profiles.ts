import type { JsonObject } from '../../internal/json/json.ts';
import { isServiceAccount } from './service-account.ts';

/** How an issuer writes its access tokens: what RFC 9068 leaves to the reader, and what an issuer does otherwise. */
export interface AccessTokenProfile {
  /** For people. */
  readonly name: string;
  /** In plain words, each rule of RFC 9068 that this profile does not enforce, and why. */
  readonly relaxes: readonly string[];
  /** Accepted `typ` headers, lower case, without `application/`; an empty text stands for none. */
  readonly types: readonly string[];
  /**
   * Claims that must be there, besides `iss` and `exp`, which always must. The answer to an introspection may leave out
   * `sub`, `client_id`, `cid`, `iat` and `jti` (RFC 7662 section 2.2); every other name is required there too.
   */
  readonly required: readonly string[];
  /** For whom the token is. Default: `aud`. */
  readonly audience?: (claims: JsonObject) => unknown;
  /** Default: `client_id`. */
  readonly clientId?: (claims: JsonObject) => unknown;
  /** A space-separated text or a list. Default: `scope`. */
  readonly scopes?: (claims: JsonObject) => unknown;
  /** A list. Default: `permissions`. */
  readonly permissions?: (claims: JsonObject) => unknown;
  /** A list. Default: `roles`. @see RFC 9068 section 2.2.3.1 */
  readonly roles?: (claims: JsonObject) => unknown;
  /**
   * What identifies a user, where it is not `sub`: for example `(claims) => claims.username` for an issuer that answers
   * introspections without `sub`. The value must be unique at the issuer, and never given to another user. Default: `sub`.
   */
  readonly subject?: (claims: JsonObject) => unknown;
  /**
   * Whether the token stands for a user or for a client. Everything but `user` counts as a client. Default: `client` when
   * `sub` is the client's identifier, `user` when it is another (RFC 9068 section 2.2); without one of the two, `user` when a
   * claim is about a user, such as `username` (RFC 7662 section 2.2).
   */
  readonly kind?: (claims: JsonObject) => unknown;
  /** Returns why the token is no access token of this issuer, or `undefined`. */
  readonly reject?: (claims: JsonObject) => string | undefined;
}

/** The profiles that `profiles` holds. */
export type AccessTokenProfileName = 'rfc9068' | 'auth0' | 'keycloak' | 'entra' | 'okta' | 'cognito';

/** What only ID tokens and logout tokens have (OpenID Connect Core section 2, Back-Channel Logout section 2.4). */
const foreign = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'];

function rejectForeign(claims: JsonObject): string | undefined {
  return foreign.some((claim) => claims[claim] !== undefined)
    ? 'The token is an ID token or logout token, not an access token'
    : undefined;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

const rolesOf = (holder: unknown): unknown[] => {
  const roles = (holder as { roles?: unknown } | undefined)?.roles;
  return Array.isArray(roles) ? roles : [];
};

/** The profiles by name; `relaxes` of each says which rules of RFC 9068 it does not enforce. @see RFC 9068 section 2 */
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
      'section 2.1: `typ` may be `JWT`, which Auth0 writes unless an API chooses the RFC 9068 profile',
      'section 2.2: `client_id` may be `azp`, and `jti` may be missing',
    ],
    types: ['at+jwt', 'jwt'],
    required: ['aud', 'sub', 'iat'],
    clientId: (claims) => claims.client_id ?? claims.azp,
    // `gty` is the grant; the subject of client credentials is `<client>@clients`.
    // https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles
    kind: (claims) =>
      [claims.gty].flat().includes('client-credentials') ||
      (typeof claims.sub === 'string' && claims.sub.endsWith('@clients')) ||
      claims.sub === (claims.client_id ?? claims.azp)
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
      ...rolesOf(claims.realm_access),
      ...Object.entries((claims.resource_access ?? {}) as JsonObject).flatMap(([client, access]) =>
        rolesOf(access).map((role) => `${client}:${role}`),
      ),
    ],
    // A service account is a user named `service-account-<client>`, whose tokens also say from where the client called.
    // A user has a session or a name. https://www.keycloak.org/docs/latest/server_admin/#_service_accounts
    kind: (claims) =>
      !isServiceAccount(claims.preferred_username) &&
      !isServiceAccount(claims.username) &&
      ['clientHost', 'clientAddress', 'clientId'].every((name) => claims[name] === undefined) &&
      ['sid', 'session_state', 'preferred_username', 'username'].some((name) => claims[name] !== undefined)
        ? 'user'
        : 'client',
    // An ID token has `ID`, a refresh token `Refresh` or `Offline`, a logout token `Logout`.
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
    // `idtyp` is optional and says it. Without it: a scope is granted by users only, and an application has roles.
    // https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
    kind: (claims) =>
      claims.idtyp === 'user' || (claims.idtyp === undefined && isText(claims.scp)) ? 'user' : 'client',
    // ID tokens carry neither a client nor a scope or role of an API.
    reject: (claims) =>
      rejectForeign(claims) ??
      (claims.azp === undefined && claims.appid === undefined
        ? 'The token is not an access token'
        : undefined),
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
    // `uid` is the user, and is missing when there is none. https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/
    kind: (claims) => (isText(claims.uid) ? 'user' : 'client'),
    reject: rejectForeign,
  },
  cognito: {
    name: 'cognito',
    relaxes: [
      'section 2.1: `typ` may be missing or `JWT`; the claim `token_use` must be `access` instead',
      'section 2.2: there is no `aud` unless a resource was bound; the app client in `client_id` is compared instead',
    ],
    types: ['at+jwt', 'jwt', ''],
    required: ['sub', 'iat', 'jti', 'client_id'],
    audience: (claims) => claims.aud ?? claims.client_id,
    roles: (claims) => claims['cognito:groups'],
    // `username` is the user; client credentials have none, and `sub` is the app client.
    // https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
    kind: (claims) => (isText(claims.username) && claims.sub !== claims.client_id ? 'user' : 'client'),
    reject: (claims) => (claims.token_use === 'access' ? undefined : 'The token is not an access token'),
  },
};
