import type { AuthorizationServerMetadata } from '../client/wire/server-metadata.ts';
import type { IdTokenClaims } from '../client/wire/token-response.ts';
import type { JsonObject } from '../internal/json/json.ts';
import type { SignatureAlgorithm } from '../internal/signatures/signature-algorithms.ts';
import type { AccessTokenProfile, AccessTokenProfileName } from '../protocol/tokens/access-token-profile.ts';
import type { TokenErrorResponse } from '../protocol/tokens/refresh-rejection.ts';
import type { ProviderTenants } from '../protocol/tokens/token-issuer.ts';
import type { IdTokenHmac, idTokenHmac } from './id-token-hmac.ts';

/**
 * A provider: where it is, and how it differs from the standards. Set it as the option `provider` of a client, of web
 * sessions, of a browser client or of an API. An option that the application sets replaces the value of the preset. A
 * browser client does not use `responseMode`, `tokenRequestFormat`, `retryAfter` and `claims`. It applies none of the members
 * that relax a check of a login, and rejects a preset with `serverOnly`.
 *
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import type { ProviderPreset } from '@countersign/core/providers';
 *
 * const acme: ProviderPreset = {
 *   name: 'acme',
 *   relaxes: [],
 *   issuer: 'https://login.acme.example',
 *   refreshTokens: { scope: 'offline_access' },
 *   isLoginEnded: ({ status, error }) => status === 400 && error === 'token_expired',
 * };
 * const client = createClient({ provider: acme, clientId: 'web' });
 * ```
 */
export interface ProviderPreset extends ProviderBehaviour {
  /**
   * Each check of a client that the preset relaxes, with the reason, for documentation. Those of an API are in `relaxes` of
   * the profile.
   */
  readonly relaxes: readonly string[];
  /**
   * The issuer identifier, exactly as the provider writes it, including a trailing slash. With `tenants`: the template in the
   * metadata, for example `https://login.acme.example/{tenant}`.
   */
  readonly issuer: string;
  /**
   * The tenants of the provider, if each of them has an issuer of its own. Sessions, refreshes and users belong to the issuer
   * of their tenant. Default: one issuer.
   */
  readonly tenants?: ProviderTenants | undefined;
  /** Static metadata, for a provider without a metadata document. Default: discovery. */
  readonly metadata?: AuthorizationServerMetadata | undefined;
  /** The URL of the metadata document, if it is not the issuer with the well-known path. Default: the well-known path. */
  readonly metadataUrl?: string | undefined;
  /** Accepts logout tokens without `exp`, as the option of a client. Default: false. */
  readonly allowLogoutTokenWithoutExp?: boolean | undefined;
  /** The scope of logins, space-separated, or a function that creates it. Default: that of the client. */
  readonly scope?: string | ((clientId: string) => string) | undefined;
  /** Additional authorization parameters of each login. Those of the application are added. Default: none. */
  readonly authorizationParameters?: Readonly<Record<string, string>> | undefined;
  /** The response mode of logins on a server. Default: `query`. */
  readonly responseMode?: 'query' | 'form_post' | undefined;
  /** The signature algorithm of ID tokens. Default: `RS256`. */
  readonly idTokenSignedResponseAlg?: SignatureAlgorithm | undefined;
  /** The body encoding of token requests on a server. Default: `form`. */
  readonly tokenRequestFormat?: 'form' | 'json' | undefined;
  /** How an API verifies the access tokens of the provider. Default: as RFC 9068 requires. */
  readonly accessTokens?: ProviderAccessTokens | undefined;
  /**
   * Where the user of a login is read at a provider without OpenID Connect. The login has no ID token then. Default: the login
   * is OpenID Connect.
   */
  readonly oauth2Userinfo?: OAuth2Userinfo | undefined;
  /**
   * Whether logins use PKCE. With `unsupported`, the provider rejects its parameters: the client needs credentials, so a stolen
   * code is of no use without them. Default: `required`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1
   */
  readonly pkce?: 'required' | 'unsupported' | undefined;
  /**
   * Accepts ID tokens without `nonce`, although logins send one. A present `nonce` is always validated. Default: false.
   *
   * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
   */
  readonly allowIdTokenWithoutNonce?: boolean | undefined;
  /** The `claims` parameter of each login on a server. A login may override it. Default: none. */
  readonly claims?: object | undefined;
  /** Creates the client secret of a request, if the application sets none. `now` is in seconds. Default: none. */
  readonly createClientSecret?: ((request: ClientSecretRequest) => string | Promise<string>) | undefined;
  /**
   * Reads claims about the user from the fields of an authorization response, for `user` of a session. They come through the
   * browser and are not signed, so the user can change them: return no claim that identifies or authorizes. Default: none.
   */
  readonly readAuthorizationResponse?: ((parameters: URLSearchParams) => Readonly<JsonObject>) | undefined;
  /** Separates the scopes in a token response. Default: a space. */
  readonly scopeSeparator?: string | undefined;
  /** How the client secret of web sessions is sent. Default: `client_secret_basic`. */
  readonly tokenEndpointAuthMethod?: 'client_secret_basic' | 'client_secret_post' | undefined;
  /** Logins need a server: `createBrowserAuth()` rejects the preset. Default: false. */
  readonly serverOnly?: boolean | undefined;
  /** Verifies ID tokens that the client secret signs. Only presets of this package have it. Default: none. */
  readonly [idTokenHmac]?: IdTokenHmac | undefined;
  /** Returns the name of an ID token claim that is invalid for this client. Returns `undefined` if all are valid. */
  readonly wrongClaim?: ((claims: IdTokenClaims) => string | undefined) | undefined;
}

/** A request that needs a client secret. */
export interface ClientSecretRequest {
  /** The client identifier. */
  readonly clientId: string;
  /** Seconds since the epoch. */
  readonly now: number;
}

/**
 * The userinfo response that identifies the user of an OAuth 2 login. It is not signed, and says nothing about the login: its
 * time, its method, or the client that it was for.
 */
export interface OAuth2Userinfo {
  /** The address of the response: JSON, for a GET request with the access token as bearer token. */
  readonly endpoint: string;
  /**
   * The member that identifies the user: a string or an integer. Its value must be unique at the provider and never assigned to
   * another user. A user name or an e-mail address is not.
   */
  readonly sub: string;
  /** The claims of the user, each with the member that contains it, such as `{ picture: 'avatar_url' }`. Default: none. */
  readonly claims?: Readonly<Record<string, string>> | undefined;
}

/** The issuer of a client: its identifier, or a preset. */
export type IssuerOrProvider =
  | {
      /**
       * The issuer identifier, exactly as in the metadata of the provider, including a trailing slash. Default: that of
       * `provider`.
       *
       * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
       */
      readonly issuer: string;
    }
  | { readonly issuer?: undefined; readonly provider: ProviderPreset };

/** Behaviour that is safe to apply to a provider that was only recognized: it relaxes no check. */
export interface ProviderBehaviour {
  /** Name of the preset in lower case, for logs and for the environment variable `AUTH_PROVIDER`. */
  readonly name: string;
  /**
   * What a login adds to receive a refresh token. An empty object adds nothing. Default: the scope `offline_access` if the
   * metadata lists it.
   */
  readonly refreshTokens?: RefreshTokenRequest | undefined;
  /**
   * Recognizes responses to a refresh that report an invalid refresh token with another error than `invalid_grant`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
   */
  readonly isLoginEnded?: ((response: TokenErrorResponse) => boolean) | undefined;
  /**
   * Reads the seconds to wait from headers that the provider defines. Called if the response has no `Retry-After`.
   * `now` is in milliseconds since the epoch.
   */
  readonly retryAfter?: ((headers: Headers, now: number) => number | undefined) | undefined;
  /**
   * Creates the logout URL of a provider whose logout differs from OpenID Connect RP-Initiated Logout. Returns `undefined`
   * to use the `end_session_endpoint` of the metadata.
   */
  readonly createLogoutUrl?: ((logout: ProviderLogout) => URL | undefined) | undefined;
}

/** What a login adds to its authorization request to receive a refresh token. */
export interface RefreshTokenRequest {
  /** A scope, such as `offline_access`. Default: none. */
  readonly scope?: string | undefined;
  /** Authorization parameters, such as `access_type`. Default: none. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** The value of `prompt`, if the login sets none. Default: none. */
  readonly prompt?: string | undefined;
}

/** The access tokens of a provider. */
export interface ProviderAccessTokens {
  /** The `iss` of access tokens, if it differs from the issuer identifier. With `tenants`: a template too. */
  readonly issuer?: string | undefined;
  /** Accepted signature algorithms. Default: those of an API without a preset. */
  readonly algorithms?: readonly SignatureAlgorithm[] | undefined;
  /** How the provider writes its access tokens: the name of a built-in profile, or a profile. Default: `rfc9068`. */
  readonly profile?: AccessTokenProfileName | AccessTokenProfile | undefined;
}

/** A logout at the provider. */
export interface ProviderLogout {
  readonly clientId: string;
  /** Where the provider redirects the user after the logout. */
  readonly postLogoutRedirectUri?: string | undefined;
  readonly metadata: Pick<AuthorizationServerMetadata, 'authorization_endpoint' | 'end_session_endpoint'>;
}
