import type { EventListener } from '../events.ts';
import type { Clock } from '../internal/clock.ts';
import type { WebCryptoKey, WebCryptoKeyPair } from '../internal/crypto-types.ts';
import type { Fetch } from '../internal/fetch/bounded-fetch.ts';
import type { SignatureAlgorithm } from '../internal/signatures/signature-algorithms.ts';
import type { IssuerOrProvider, ProviderPreset } from '../providers/provider.ts';
import type { OperationTrace } from './tracing/trace-operations.ts';
import type { ClientAuthentication } from './wire/client-authentication.ts';
import type { AuthorizationServerMetadata } from './wire/server-metadata.ts';

/** A signature algorithm of responses. With HMAC or `none`, others than the provider could sign (RFC 8725 section 3.2). */
export type ResponseSignatureAlgorithm = SignatureAlgorithm;

/** Options of `createClient()`. Only `clientId`, and `issuer` or `provider`, are required. */
export type ClientOptions = ClientSettings & IssuerOrProvider;

/** Options with the values of the preset. */
export interface ResolvedClientOptions extends ClientSettings {
  readonly issuer: string;
}

/** Options of `createClient()` without the issuer. */
export interface ClientSettings {
  /** The client identifier from the registration at the provider. */
  readonly clientId: string;
  /** How the client authenticates at the provider. Default: `none()`, a public client. */
  readonly clientAuthentication?: ClientAuthentication | undefined;
  /**
   * Where the provider redirects the user after login, exactly as registered. A login may override it. Default: none, so
   * each login must set it.
   */
  readonly redirectUri?: string | undefined;
  /** The requested scope, space-separated. Default: `openid`. */
  readonly scope?: string | undefined;
  /**
   * Requests a refresh token: each login adds what the provider needs, for example the scope `offline_access`, or
   * `access_type=offline` and `prompt=consent` at Google. At an unknown provider, `offline_access` is added if
   * `scopes_supported` lists it. Default: false, `scope` is sent as it is.
   *
   * @see https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess
   */
  readonly refreshTokens?: boolean | undefined;
  /**
   * The resource indicators of the APIs that access tokens are for. Token requests use the first one by default.
   * Default: none, so the provider chooses the audience.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
   */
  readonly resource?: string | readonly string[] | undefined;
  /** Additional authorization parameters for every login, for example `{ audience }`. Default: none. */
  readonly authorizationParameters?: Readonly<Record<string, string>> | undefined;
  /** Static metadata. If set, no discovery request is sent. Default: discovery. */
  readonly metadata?: AuthorizationServerMetadata | undefined;
  /** The well-known document that holds the metadata. Default: `openid`. `oauth` selects RFC 8414. */
  readonly discovery?: 'openid' | 'oauth' | undefined;
  /**
   * The URL of the metadata, for a provider that does not publish it at the well-known address of its issuer. Its `issuer`
   * must still be equal to the option. Default: `issuer` with the well-known path that `discovery` selects.
   *
   * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationRequest
   */
  readonly metadataUrl?: string | undefined;
  /** Seconds until the metadata is fetched again. Default: 3600. */
  readonly metadataMaxAge?: number | undefined;
  /** Seconds until the keys are fetched again. Default: 300. */
  readonly keysMaxAge?: number | undefined;
  /** The registered `id_token_signed_response_alg`. Default: `RS256`. The header of a token never overrides it. */
  readonly idTokenSignedResponseAlg?: ResponseSignatureAlgorithm | undefined;
  /**
   * Seconds after `iat` for which a new ID token is accepted. Set it for a provider that returns ID tokens of an earlier
   * login. Default: 3600. Maximum: 31,536,000.
   */
  readonly idTokenMaxAge?: number | undefined;
  /** The registered `userinfo_signed_response_alg`, if the userinfo response is a JWT. Default: none. */
  readonly userinfoSignedResponseAlg?: ResponseSignatureAlgorithm | undefined;
  /**
   * The registered `userinfo_encrypted_response_alg`. Requires `decrypt`. A userinfo response that is not encrypted
   * with this algorithm is rejected. Without `userinfoSignedResponseAlg`, the encrypted claims need no signature.
   * Default: the response is not encrypted.
   *
   * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse
   */
  readonly userinfoEncryptedResponseAlg?: string | undefined;
  /**
   * Accepts a signed userinfo response without `iss` or `aud`, as some providers send it. A response for another client
   * about the same user is then accepted too. A present `iss` or `aud` is always validated. Default: false.
   */
  readonly allowUnaddressedUserinfo?: boolean | undefined;
  /**
   * Accepts logout tokens without `exp`, as Ory Hydra and Casdoor send them, until 600 seconds after `iat`. Default: false,
   * because the specification requires `exp`.
   *
   * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken
   */
  readonly allowLogoutTokenWithoutExp?: boolean | undefined;
  /** The registered `authorization_signed_response_alg`, for JARM. Default: `RS256`. */
  readonly authorizationSignedResponseAlg?: ResponseSignatureAlgorithm | undefined;
  /**
   * The registered `introspection_signed_response_alg`, if the introspection response is a JWT. Default: none.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9701#section-5
   */
  readonly introspectionSignedResponseAlg?: ResponseSignatureAlgorithm | undefined;
  /** Decrypts encrypted tokens. See `createDecrypt()` of `@countersign/core/node`. Default: encrypted tokens are rejected. */
  readonly decrypt?: ((jwe: string) => Promise<string>) | undefined;
  /**
   * When to push authorization requests. `always` pushes each one. Default: `when_required`, if the metadata requires it.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9126
   */
  readonly pushedAuthorizationRequests?: 'always' | 'when_required' | undefined;
  /**
   * The key that signs each authorization request. Default: requests are not signed.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9101
   */
  readonly requestObjectSigningKey?: { readonly key: WebCryptoKey; readonly kid?: string } | undefined;
  /** The response mode of logins. Default: `query`. */
  readonly responseMode?: 'query' | 'form_post' | 'jwt' | 'query.jwt' | 'form_post.jwt' | undefined;
  /**
   * The key pair that sender-constrains tokens. Default: bearer tokens.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9449
   */
  readonly dpop?: { readonly keyPair: WebCryptoKeyPair } | undefined;
  /**
   * Requests certificate-bound access tokens with a client authentication other than mutual TLS, for example
   * `privateKeyJwt()`: requests go to the `mtls_endpoint_aliases` of the metadata. The option `fetch` must send the
   * certificate. Default: false; with `tlsClientAuth()` and `selfSignedTlsClientAuth()`, the aliases are always used.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8705#section-3
   * @see https://www.rfc-editor.org/rfc/rfc8705#section-5
   */
  readonly certificateBoundAccessTokens?: boolean | undefined;
  /**
   * Validates each received access token. Use it if access tokens are JWTs that this client may read, for example with a
   * verifier of `@countersign/core/resource-server`. An error that it throws, or the result `false`, rejects the token response.
   * Default: access tokens are opaque to the client.
   */
  readonly validateAccessToken?:
    | ((accessToken: string, expected: ExpectedAccessToken) => Promise<unknown>)
    | undefined;
  /** The body encoding of token requests. Default: `form`, as the standard requires. `json` is for Auth0. */
  readonly tokenRequestFormat?: 'form' | 'json' | undefined;
  /** Accepted clock difference in seconds. Default: 30. Maximum: 300. */
  readonly clockTolerance?: number | undefined;
  /** Timeout of a request to the provider in milliseconds, including the body. Default: 10,000. */
  readonly timeout?: number | undefined;
  /** Maximum size of a response in bytes. Default: 1,048,576. */
  readonly maxResponseBytes?: number | undefined;
  /** Sends the requests to the provider. Default: the platform's `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** `User-Agent` of requests to the provider, outside browsers. Default: `countersign`. */
  readonly userAgent?: string | undefined;
  /** Returns the current time in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: Clock | undefined;
  /** Called for each event, for logs and metrics. No event contains a secret. Default: none. */
  readonly onEvent?: EventListener | undefined;
  /** Runs each operation inside a span. See `traceOperations()`. Default: no tracing. */
  readonly traceOperation?: OperationTrace | undefined;
  /**
   * The provider: a preset of `@countersign/core/providers`, or one of your own. Default: the provider is recognized by its
   * issuer and endpoints, otherwise the standards apply.
   */
  readonly provider?: ProviderPreset | undefined;
  /**
   * Further attempts to fetch metadata, keys and userinfo if the provider is temporarily unavailable. Default: 2.
   * Maximum: 10.
   */
  readonly retries?: number | undefined;
  /** Allows an issuer with plain http. Use it only for a provider on the local machine. Default: false. */
  readonly allowInsecureIssuer?: boolean | undefined;
}

/** The properties that `validateAccessToken` checks an access token against. */
export interface ExpectedAccessToken {
  /** The issuer identifier of the provider, or that of the user's tenant. */
  readonly issuer: string;
  /** The client identifier of this client. */
  readonly clientId: string;
  /** The requested resource indicator, if any. */
  readonly resource?: string;
  /** The subject of the login, if an ID token identifies it. */
  readonly sub?: string;
}
