import type { JWK } from 'jose';
import type { Fault } from './faults/index.ts';

/** A registered client, in the words of RFC 7591. */
export interface TestClient {
  readonly clientId: string;
  readonly clientSecret?: string;
  /** Default: `client_secret_basic` with a secret, otherwise `none`. */
  readonly tokenEndpointAuthMethod?:
    | 'none'
    | 'client_secret_basic'
    | 'client_secret_post'
    | 'client_secret_jwt'
    | 'private_key_jwt'
    | 'tls_client_auth'
    | 'self_signed_tls_client_auth';
  /** Default: any. Otherwise compared exactly, save for the port of a loopback address (RFC 8252 section 7.3). */
  readonly redirectUris?: readonly string[];
  /** Default: any. */
  readonly postLogoutRedirectUris?: readonly string[];
  /** Public keys: for private_key_jwt, request objects, and encryption to the client. */
  readonly jwks?: { readonly keys: readonly JWK[] };
  /** SHA-256 thumbprint of the certificate, base64url, for the TLS methods (RFC 8705). */
  readonly certificateThumbprint?: string;
  /** Scopes that it may be given. Default: any. */
  readonly scope?: string;
  readonly idTokenSignedResponseAlg?: string;
  readonly idTokenEncryptedResponseAlg?: string;
  readonly userinfoSignedResponseAlg?: string;
  readonly userinfoEncryptedResponseAlg?: string;
  readonly authorizationSignedResponseAlg?: string;
  readonly introspectionSignedResponseAlg?: string;
  /** Sent a logout token when the user's session ends. */
  readonly backchannelLogoutUri?: string;
  readonly frontchannelLogoutUri?: string;
  /** Tokens of this client must be bound by DPoP. */
  readonly dpopBoundAccessTokens?: boolean;
}

/** Somebody who has an account at the server. */
export interface TestUser {
  readonly sub: string;
  /** Claims for ID token and userinfo, wire names. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Scopes that this user may grant, space-separated. Default: any. */
  readonly scope?: string;
}

/** What the server is; everything has a default. */
export interface TestAuthorizationServerOptions {
  /** Default: `https://auth.example.test`; with `listen()`, the loopback address. */
  readonly issuer?: string;
  /** `auth0` answers with Auth0's paths and shapes. Default: the standard's. */
  readonly flavour?: 'standard' | 'auth0';
  /** Default: `app` (public) and `web` (client_secret_basic, secret `web-secret`). */
  readonly clients?: readonly TestClient[];
  /** Default: `alice` and `bob`; the first is signed in. */
  readonly users?: readonly TestUser[];
  /** Seconds. Default: 3600, 86400 for Auth0. */
  readonly accessTokenLifetime?: number;
  /** Seconds. Default: 300, 36000 for Auth0. */
  readonly idTokenLifetime?: number;
  /** Default: `jwt` (RFC 9068). */
  readonly accessTokenFormat?: 'jwt' | 'opaque';
  /** Default: `RS256`. */
  readonly accessTokenSigningAlg?: string;
  /** Whether each refresh gives a new refresh token. Default: `rotate`; `keep` for Auth0. */
  readonly refreshTokens?: 'rotate' | 'keep';
  /** Seconds for which a rotated refresh token may be used again. Default: 0. */
  readonly refreshTokenGrace?: number;
  /** Whether refreshes answer with an ID token, when the scope has openid. Default: true. */
  readonly idTokenOnRefresh?: boolean;
  /** Resource indicators that are served (RFC 8707). Default: any absolute URI. */
  readonly resources?: readonly string[];
  /** Only pushed requests. */
  readonly requirePushedAuthorizationRequests?: boolean;
  /** Demand a nonce in DPoP proofs (RFC 9449 section 8). Default: false. */
  readonly dpopNonce?: boolean;
  /** Publish keys that clients must step over: kinds without `alg`, encryption keys, unknown curves, repeated `kid`. */
  readonly decoyKeys?: boolean;
  /** Publish `mtls_endpoint_aliases`, under `/mtls`. */
  readonly mtlsEndpointAliases?: boolean;
  /** Refuse a refresh token that is used more often than this, with 429. */
  readonly refreshRateLimit?: { readonly limit: number /** Seconds. */; readonly window: number };
  /** Keys that no other server of this process shares. Starts slower. */
  readonly ownKeys?: boolean;
  /** Metadata to add, or with `undefined` to take away. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Faults from the start; see `server.faults`. */
  readonly faults?: readonly Fault[];
  /** For requests that the server itself makes (back-channel logout). Default: the platform's. */
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

/** What goes wrong at an endpoint; the members add up. */
export interface Failure {
  /** Answer with this status instead of doing anything. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
  /** Nobody can reach the endpoint. */
  readonly network?: boolean;
  /** Do the work, then lose the answer. */
  readonly loseResponse?: boolean;
  /** Milliseconds to wait before anything else. */
  readonly delay?: number;
  /** How many requests it concerns. Default: 1. */
  readonly times?: number;
}
