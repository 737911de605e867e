import type * as oauth from 'oauth4webapi';
import { ConfigurationError } from '../errors.ts';
import type { EventListener } from '../events.ts';
import type { Clock } from '../internal/clock.ts';
import type { Fetch } from '../internal/http.ts';
import { normalizeMetadata } from '../internal/json/metadata-members.ts';
import type { ProviderBehaviour } from '../providers/provider.ts';
import { type ClientContext, registerContext } from './client-context.ts';
import type { OperationTrace } from './tracing/trace-operations.ts';
import { type ClientAuthentication, none } from './wire/client-authentication.ts';

/** Metadata of an authorization server, wire names. @see RFC 8414 section 2 */
export type AuthorizationServerMetadata = oauth.AuthorizationServer;

/** What a client is made of; all but `issuer` and `clientId` has a default. */
export interface ClientOptions {
  /** Issuer identifier, exactly as the provider writes it. @see OpenID Connect Discovery section 4 */
  readonly issuer: string;
  /** The client identifier that the provider registered. */
  readonly clientId: string;
  /** Default: `none()`, a public client. */
  readonly clientAuthentication?: ClientAuthentication;
  /** Where the provider sends the user back to; exactly as registered. Each login may name another one. */
  readonly redirectUri?: string;
  /** Space-separated. Default: `openid`. Add `offline_access` to be given a refresh token. */
  readonly scope?: string;
  /** The APIs that access tokens are for (RFC 8707); the first is the default of every token request. */
  readonly resource?: string | readonly string[];
  /** Further authorization parameters sent with every login, for example `{ audience }`. */
  readonly authorizationParameters?: Readonly<Record<string, string>>;
  /** Static metadata: no discovery request is made. */
  readonly metadata?: AuthorizationServerMetadata;
  /** Which well-known document holds the metadata. Default: `openid`; `oauth` is RFC 8414. */
  readonly discovery?: 'openid' | 'oauth';
  /** Seconds after which metadata and keys are fetched again. Default: 3600 and 300. */
  readonly metadataMaxAge?: number;
  readonly keysMaxAge?: number;
  /** The registered `id_token_signed_response_alg`. Default: `RS256`. The token's own header is never believed. */
  readonly idTokenSignedResponseAlg?: string;
  /** The registered `userinfo_signed_response_alg`, when userinfo answers with a JWT. */
  readonly userinfoSignedResponseAlg?: string;
  /**
   * The registered `userinfo_encrypted_response_alg`; needs `decrypt`. An answer that is not encrypted with it is then
   * refused, and without `userinfoSignedResponseAlg` the claims inside need no signature.
   * @see OpenID Connect Core section 5.3.2
   */
  readonly userinfoEncryptedResponseAlg?: string;
  /**
   * Accepts a signed userinfo answer that lacks `iss` or `aud`, as some providers make it: another client's answer about
   * the same user would then pass too. Where they are there they must be right.
   */
  readonly allowUnaddressedUserinfo?: boolean;
  /** The registered `authorization_signed_response_alg`, for JARM. Default: `RS256`. */
  readonly authorizationSignedResponseAlg?: string;
  /** The registered `introspection_signed_response_alg`, when introspection answers with a JWT (RFC 9701). */
  readonly introspectionSignedResponseAlg?: string;
  /** Opens encrypted tokens, see `createDecrypt` in `@countersign/core/node`. */
  readonly decrypt?: (jwe: string) => Promise<string>;
  /** `always` sends every authorization request by PAR; default: when the provider requires it. @see RFC 9126 */
  readonly pushedAuthorizationRequests?: 'always' | 'when_required';
  /** Signs every authorization request. @see RFC 9101 */
  readonly requestObjectSigningKey?: { readonly key: CryptoKey; readonly kid?: string };
  /** Default: the provider's, `query`. */
  readonly responseMode?: 'query' | 'form_post' | 'jwt' | 'query.jwt' | 'form_post.jwt';
  /** Sender-constrains tokens with this key pair. @see RFC 9449 */
  readonly dpop?: { readonly keyPair: CryptoKeyPair };
  /**
   * Validates an access token before it is kept, where it is a JWT that this client may read: hand in a verifier of
   * `@countersign/core/resource-server`. What it throws ends the login or refresh. Default: access tokens are opaque to the client.
   */
  readonly validateAccessToken?: (accessToken: string, expected: ExpectedAccessToken) => Promise<unknown>;
  /** Body encoding of token requests. Default: `form`, the standard's own; `json` is Auth0's. */
  readonly tokenRequestFormat?: 'form' | 'json';
  /** Seconds that clocks may differ. Default: 30; at most 300. */
  readonly clockTolerance?: number;
  /** Milliseconds for one request to the provider. Default: 10,000. */
  readonly timeout?: number;
  /** Bytes of an answer at most. Default: 1 MiB. */
  readonly maxResponseBytes?: number;
  /** Default: the platform's `fetch`. */
  readonly fetch?: Fetch;
  /** `User-Agent` of requests to the provider, outside browsers. Default: `countersign`. */
  readonly userAgent?: string;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: Clock;
  /** Told what happens, for logs and metrics; no event carries a secret. */
  readonly onEvent?: EventListener;
  /** Runs each whole operation inside a span; see `traceOperations`. Default: no tracing. */
  readonly traceOperation?: OperationTrace;
  /** What the provider does beside the standards; set by a preset such as `auth0()`. */
  readonly provider?: ProviderBehaviour;
  /** Further attempts at fetching metadata, keys and userinfo when the provider is not well. Default: 2. */
  readonly retries?: number;
  /** Allows plain http: only for a provider on your own machine. */
  readonly allowInsecureIssuer?: boolean;
}

/** What the client knows of an access token that it asked for. */
export interface ExpectedAccessToken {
  readonly issuer: string;
  readonly clientId: string;
  /** The resource indicator that was asked for, if any. */
  readonly resource?: string;
  /** The subject of the ID token beside it, if any. */
  readonly sub?: string;
}

/** A relying party at one provider: pass it to the operations of this package. It holds no user's state. */
export interface Client {
  readonly issuer: string;
  readonly clientId: string;
  readonly options: Readonly<
    Omit<ClientOptions, 'clientAuthentication' | 'dpop' | 'requestObjectSigningKey' | 'decrypt'>
  >;
}

/**
 * Creates a client. Nothing is fetched until an operation needs it.
 *
 * @throws ConfigurationError when an option is missing or wrong
 */
export function createClient(options: ClientOptions): Client {
  const issuer = requireText(options.issuer, 'issuer');
  const clientId = requireText(options.clientId, 'clientId');
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (!url || url.search || url.hash || !/^https?:$/.test(url.protocol)) {
    throw new ConfigurationError(
      'invalid_option',
      `issuer must be an https URL without query and fragment, got "${issuer}"`,
    );
  }
  if (url.protocol === 'http:' && options.allowInsecureIssuer !== true) {
    throw new ConfigurationError(
      'insecure_issuer',
      `issuer "${issuer}" is plain http. For a provider on your own machine set allowInsecureIssuer: true.`,
    );
  }
  for (const name of signedResponseAlgorithms) {
    const alg = options[name];
    if (alg === undefined || asymmetric.test(alg)) continue;
    // HMAC would make every holder of the secret an issuer, and `none` everybody (RFC 8725 sections 3.1 and 3.2).
    throw new ConfigurationError(
      'invalid_option',
      `${name} must be RS256, PS256, ES256 (or 384, 512), EdDSA or Ed25519, got "${alg}".`,
    );
  }
  checkEncryption(options);
  if (options.metadata && options.metadata.issuer !== issuer) {
    throw new ConfigurationError(
      'invalid_option',
      `metadata is of "${options.metadata.issuer}", issuer is "${issuer}"`,
    );
  }
  const allowInsecure = options.allowInsecureIssuer === true;
  const metadata = options.metadata && normalizeMetadata(options.metadata, { allowInsecure });
  const clockTolerance = within(options.clockTolerance ?? 30, 0, 300, 'clockTolerance', 'seconds');
  const now = options.now ?? Date.now;
  const context: ClientContext = {
    options,
    ...(metadata && { metadata: metadata as AuthorizationServerMetadata }),
    authentication: options.clientAuthentication ?? none(),
    http: {
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
      now,
      timeout: within(options.timeout ?? 10_000, 1, 600_000, 'timeout', 'milliseconds'),
      retries: within(options.retries ?? 2, 0, 10, 'retries', 'attempts'),
      ...(options.provider?.retryAfter && { retryAfter: options.provider.retryAfter }),
      maxBytes: within(options.maxResponseBytes ?? 1_048_576, 1_024, 67_108_864, 'maxResponseBytes', 'bytes'),
    },
    now,
    clockTolerance,
    resources: typeof options.resource === 'string' ? [options.resource] : (options.resource ?? []),
    scope: options.scope ?? 'openid',
    state: {},
  };
  const { clientAuthentication, dpop, requestObjectSigningKey, decrypt, ...open } = options;
  const client: Client = { issuer, clientId, options: open };
  registerContext(client, context);
  return client;
}

const signedResponseAlgorithms = [
  'idTokenSignedResponseAlg',
  'userinfoSignedResponseAlg',
  'authorizationSignedResponseAlg',
  'introspectionSignedResponseAlg',
] as const;

function checkEncryption({ userinfoEncryptedResponseAlg: alg, decrypt }: ClientOptions): void {
  if (alg === undefined) return;
  // RSA1_5 leaks its content to who may ask often enough (RFC 8725 section 3.2).
  if (!/^(RSA-OAEP(-256|-384|-512)?|ECDH-ES(\+A(128|192|256)KW)?)$/.test(alg)) {
    throw new ConfigurationError(
      'invalid_option',
      `userinfoEncryptedResponseAlg must be RSA-OAEP, RSA-OAEP-256, ECDH-ES or ECDH-ES+A256KW, got "${alg}".`,
    );
  }
  if (!decrypt) {
    throw new ConfigurationError(
      'missing_option',
      'userinfoEncryptedResponseAlg needs the key to open it. Write decrypt: createDecrypt(privateKey).',
    );
  }
}

const asymmetric = /^((RS|PS|ES)(256|384|512)|EdDSA|Ed25519)$/;

function requireText(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new ConfigurationError(
    'missing_option',
    `${name} is missing. Write createClient({ ${name}: '...' }).`,
  );
}

function within(value: number, low: number, high: number, name: string, unit: string): number {
  if (Number.isFinite(value) && value >= low && value <= high) return value;
  throw new ConfigurationError(
    'invalid_option',
    `${name} must be between ${low} and ${high} ${unit}, got ${value}`,
  );
}
