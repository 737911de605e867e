import type { JWK } from 'jose';
import type { Fault } from './faults/index.ts';
import type { FlavourName } from './flavours/flavour-name.ts';

/** A registered client. @see https://www.rfc-editor.org/rfc/rfc7591#section-2 */
export interface TestClient {
  readonly clientId: string;
  readonly clientSecret?: string;
  /** How the client authenticates. Default: `client_secret_basic` with a secret, otherwise `none`. */
  readonly tokenEndpointAuthMethod?:
    | 'none'
    | 'client_secret_basic'
    | 'client_secret_post'
    | 'client_secret_jwt'
    | 'private_key_jwt'
    | 'tls_client_auth'
    | 'self_signed_tls_client_auth';
  /**
   * The allowed redirect URIs. They are compared exactly, except the port of a loopback address (RFC 8252 section 7.3).
   * Default: any.
   */
  readonly redirectUris?: readonly string[];
  /** The allowed redirect URIs after a logout. Default: any. */
  readonly postLogoutRedirectUris?: readonly string[];
  /** Public keys: for private_key_jwt, request objects, and encryption to the client. */
  readonly jwks?: { readonly keys: readonly JWK[] };
  /** SHA-256 thumbprint of the certificate, base64url, for the TLS methods (RFC 8705). */
  readonly certificateThumbprint?: string;
  /** Scopes that the client can receive, separated by spaces. Default: any. */
  readonly scope?: string;
  readonly idTokenSignedResponseAlg?: string;
  readonly idTokenEncryptedResponseAlg?: string;
  readonly userinfoSignedResponseAlg?: string;
  readonly userinfoEncryptedResponseAlg?: string;
  readonly authorizationSignedResponseAlg?: string;
  readonly introspectionSignedResponseAlg?: string;
  /** Receives a logout token when the session of the user ends. */
  readonly backchannelLogoutUri?: string;
  readonly frontchannelLogoutUri?: string;
  /** Tokens of this client must be bound to its certificate, with any client authentication (RFC 8705 section 3.4). */
  readonly tlsClientCertificateBoundAccessTokens?: boolean;
  /** Tokens of this client must be bound by DPoP. */
  readonly dpopBoundAccessTokens?: boolean;
}

/** A user with an account at the server. */
export interface TestUser {
  readonly sub: string;
  /** Claims of the ID token and userinfo response, by their wire names. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Scopes that this user may grant, space-separated. Default: any. */
  readonly scope?: string;
}

/** Options of the authorization server. All are optional. */
export interface TestAuthorizationServerOptions {
  /**
   * The issuer identifier. Default: `https://auth.example.test`, or that of the flavour; with `listen()`, its origin becomes
   * the loopback address.
   */
  readonly issuer?: string;
  /**
   * The provider whose metadata, paths, responses and rejections the server imitates. Other options replace the defaults of
   * the provider. Default: `standard`.
   */
  readonly flavour?: FlavourName;
  /**
   * The registered clients. Default: `app` (public) and `web` (client_secret_basic, secret `web-secret`), or those of the
   * flavour.
   */
  readonly clients?: readonly TestClient[];
  /** The users. The first one is signed in. Default: `alice` and `bob`, with the claims of the flavour. */
  readonly users?: readonly TestUser[];
  /** Lifetime of access tokens in seconds. Default: 3600, or that of the flavour. */
  readonly accessTokenLifetime?: number;
  /** Lifetime of ID tokens in seconds. Default: 300, or that of the flavour. */
  readonly idTokenLifetime?: number;
  /** The format of access tokens. Default: `jwt` (RFC 9068), or that of the flavour. */
  readonly accessTokenFormat?: 'jwt' | 'opaque';
  /** The signature algorithm of access tokens. Default: `RS256`, or that of the flavour. */
  readonly accessTokenSigningAlg?: string;
  /** Whether each refresh issues a new refresh token. Default: `rotate`, or that of the flavour. */
  readonly refreshTokens?: 'rotate' | 'keep';
  /** Seconds for which a rotated refresh token may be used again. Default: 0, or that of the flavour. */
  readonly refreshTokenGrace?: number;
  /** Whether the response to a refresh contains an ID token, if the scope contains `openid`. Default: true. */
  readonly idTokenOnRefresh?: boolean;
  /** Accepted resource indicators (RFC 8707). Default: any absolute URI. */
  readonly resources?: readonly string[];
  /** Rejects authorization requests that are not pushed (RFC 9126). Default: false. */
  readonly requirePushedAuthorizationRequests?: boolean;
  /** Requires a nonce in DPoP proofs (RFC 9449 section 8). Default: false. */
  readonly dpopNonce?: boolean;
  /**
   * Publishes keys that clients must ignore: without `alg`, for encryption, of unknown curves, with a repeated `kid`.
   * Default: false.
   */
  readonly decoyKeys?: boolean;
  /** Publishes `mtls_endpoint_aliases` under `/mtls`. Default: false. */
  readonly mtlsEndpointAliases?: boolean;
  /** Rejects a refresh token with 429 if it is used more often. Default: no limit. */
  readonly refreshRateLimit?: { readonly limit: number /** Seconds. */; readonly window: number };
  /** Uses keys that no other server of the process shares. The start is slower. Default: false. */
  readonly ownKeys?: boolean;
  /** Members of the metadata to add, or with `undefined` to remove. Default: none. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** The faults that are active at the start; see `server.faults`. Default: none. */
  readonly faults?: readonly Fault[];
  /** Sends the requests of the server (back-channel logout). Default: the platform's `fetch`. */
  readonly outgoingFetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** The endpoints, by the name of their metadata without `_endpoint`. */
export type Endpoint =
  | 'discovery'
  | 'jwks'
  | 'authorization'
  | 'token'
  | 'pushed_authorization_request'
  | 'userinfo'
  | 'revocation'
  | 'introspection'
  | 'end_session'
  | 'device_authorization';

/** A failure of an endpoint. The members can be combined. */
export interface Failure {
  /** Responds with this status without handling the request. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | ReadableStream<Uint8Array> | null;
  /** Makes the endpoint unreachable. */
  readonly network?: boolean;
  /** Handles the request, then loses the response. */
  readonly loseResponse?: boolean;
  /** Milliseconds to wait before the request is handled. */
  readonly delay?: number;
  /** The count of requests that fail. Default: 1. */
  readonly times?: number;
}
