import type { AuthorizationServerMetadata } from '../client/wire/server-metadata.ts';
import type { IdTokenClaims } from '../client/wire/token-response.ts';
import type { SignatureAlgorithm } from '../internal/signatures/signature-algorithms.ts';
import type { AccessTokenProfile, AccessTokenProfileName } from '../protocol/tokens/access-token-profile.ts';
import type { TokenErrorResponse } from '../protocol/tokens/refresh-rejection.ts';
import type { ProviderTenants } from '../protocol/tokens/token-issuer.ts';

/**
 * A provider: where it is, and how it differs from the standards. Set it as the option `provider` of a client, of web
 * sessions, of a browser client or of an API. An option that the application sets replaces the value of the preset. A
 * browser client does not use `responseMode`, `tokenRequestFormat` and `retryAfter`.
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
  /** Returns the name of an ID token claim that is invalid for this client. Returns `undefined` if all are valid. */
  readonly wrongClaim?: ((claims: IdTokenClaims) => string | undefined) | undefined;
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
