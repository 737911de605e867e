import { encodeUtf8, toBase64Url } from '../../../src/internal/encoding.ts';
import type { Fetch } from '../../../src/internal/fetch/bounded-fetch.ts';

type Json = Record<string, unknown>;

export interface TokenRequest {
  readonly parameters: URLSearchParams;
  readonly headers: Headers;
}

/** A provider inside the test, with real keys and signatures. A test can change each response. */
export interface TestProvider {
  readonly issuer: string;
  readonly fetch: Fetch;
  readonly tokenRequests: TokenRequest[];
  readonly revoked: string[];
  /** The count of requests to a path. */
  readonly count: (path: string) => number;
  metadata: Json;
  /** Changes the claims of ID tokens. */
  claims: (claims: Json) => Json;
  header: (header: Json) => Json;
  /** Changes the body of token responses. */
  body: (body: Json) => Json;
  /** Changes the JSON of token responses. */
  text: (text: string) => string;
  /** Responds to a token request instead of the provider. */
  intercept: ((request: TokenRequest) => Promise<Response | undefined> | Response | undefined) | undefined;
  /** `false`: refresh tokens do not rotate. */
  rotates: boolean;
  readonly keys: Json[];
  /** Approves a login. Returns the callback URL of an authorization URL. */
  approve(url: string, change?: (parameters: URLSearchParams) => void): string;
  sign(payload: Json, header?: Json, key?: CryptoKey): Promise<string>;
  rotateKeys(): Promise<void>;
}

export const json = (value: unknown, init: ResponseInit = {}) =>
  new Response(JSON.stringify(value), { headers: { 'content-type': 'application/json' }, ...init });

const generateKeys = () =>
  crypto.subtle.generateKey(
    {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
    true,
    ['sign', 'verify'],
  );

/** The first key of all providers, because key generation is slow. */
const firstPair = generateKeys();

export interface TestProviderOptions {
  /** Default: `https://login.example`. */
  readonly issuer?: string;
  /** The user who logs in. Default: `user-1`. */
  readonly sub?: string;
  /** True: no other provider has the first key. Default: false. */
  readonly ownKeys?: boolean;
}

export async function createTestProvider(
  now: () => number,
  { issuer = 'https://login.example', sub = 'user-1', ownKeys = false }: TestProviderOptions = {},
): Promise<TestProvider> {
  const logins = new Map<string, { nonce: string; challenge: string; clientId: string; maxAge: boolean }>();
  const refreshTokens = new Set<string>();
  const paths: string[] = [];
  let serial = 0;
  let current: { kid: string; privateKey: CryptoKey };
  const keys: Json[] = [];
  const seconds = () => Math.floor(now() / 1000);
  const encode = (value: Json) => toBase64Url(encodeUtf8(JSON.stringify(value)));
  const digest = async (text: string) =>
    new Uint8Array(await crypto.subtle.digest('SHA-256', encodeUtf8(text)));

  const provider: TestProvider = {
    issuer,
    tokenRequests: [],
    revoked: [],
    keys,
    rotates: true,
    count: (path) => paths.filter((requested) => requested === path).length,
    metadata: {
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      revocation_endpoint: `${issuer}/revoke`,
      end_session_endpoint: `${issuer}/logout`,
      authorization_response_iss_parameter_supported: true,
      code_challenge_methods_supported: ['S256'],
    },
    claims: (claims) => claims,
    header: (header) => header,
    body: (body) => body,
    text: (text) => text,
    intercept: undefined,
    async sign(payload, header = {}, key = current.privateKey) {
      const head = encode({ alg: 'RS256', kid: current.kid, ...header });
      const text = `${head}.${encode(payload)}`;
      const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', key, encodeUtf8(text));
      return `${text}.${toBase64Url(new Uint8Array(signature))}`;
    },
    async rotateKeys() {
      const pair = await (serial === 0 && !ownKeys ? firstPair : generateKeys());
      current = { kid: `key-${++serial}`, privateKey: pair.privateKey };
      const { kty, n, e } = await crypto.subtle.exportKey('jwk', pair.publicKey);
      keys.splice(0, keys.length, { kty, n, e, kid: current.kid, use: 'sig' });
    },
    approve(url, change) {
      const parameters = new URL(url).searchParams;
      const code = `code-${++serial}`;
      logins.set(code, {
        nonce: parameters.get('nonce') ?? '',
        challenge: parameters.get('code_challenge') ?? '',
        clientId: parameters.get('client_id') ?? '',
        maxAge: parameters.has('max_age'),
      });
      const callbackUrl = new URL(parameters.get('redirect_uri') ?? '');
      callbackUrl.searchParams.set('code', code);
      callbackUrl.searchParams.set('state', parameters.get('state') ?? '');
      callbackUrl.searchParams.set('iss', issuer);
      change?.(callbackUrl.searchParams);
      return callbackUrl.href;
    },
    async fetch(url, init) {
      const { pathname } = new URL(url);
      paths.push(pathname);
      if (pathname === '/.well-known/openid-configuration') return json(provider.metadata);
      if (pathname === '/jwks') return json({ keys });
      const parameters = new URLSearchParams(init.body as URLSearchParams);
      if (pathname === '/revoke') {
        provider.revoked.push(parameters.get('token') ?? '');
        return new Response();
      }
      const request = { parameters, headers: new Headers(init.headers) };
      provider.tokenRequests.push(request);
      return (await provider.intercept?.(request)) ?? createTokenResponse(parameters);
    },
  };

  async function createTokenResponse(parameters: URLSearchParams): Promise<Response> {
    const isRefresh = parameters.get('grant_type') === 'refresh_token';
    const spent = parameters.get('refresh_token') ?? '';
    const login = logins.get(parameters.get('code') ?? '');
    logins.delete(parameters.get('code') ?? '');
    const verifier = toBase64Url(await digest(parameters.get('code_verifier') ?? ''));
    const isKnown = provider.rotates ? refreshTokens.delete(spent) : refreshTokens.has(spent);
    if (isRefresh ? !isKnown : login?.challenge !== verifier) {
      return json(
        { error: 'invalid_grant' },
        { status: 400, headers: { 'content-type': 'application/json' } },
      );
    }
    const prefix = sub === 'user-1' ? '' : `${sub}-`;
    const accessToken = `${prefix}access-${++serial}`;
    const refreshToken = `${prefix}refresh-${serial}`;
    refreshTokens.add(refreshToken);
    const claims = {
      iss: issuer,
      sub,
      aud: parameters.get('client_id'),
      iat: seconds(),
      exp: seconds() + 300,
      at_hash: toBase64Url((await digest(accessToken)).subarray(0, 16)),
      ...(login && { nonce: login.nonce }),
      ...(login?.maxAge && { auth_time: seconds() }),
    };
    const text = JSON.stringify(
      provider.body({
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: 60,
        ...((provider.rotates || !isRefresh) && { refresh_token: refreshToken }),
        scope: 'openid items:read',
        id_token: await provider.sign(provider.claims(claims), provider.header({})),
      }),
    );
    return new Response(provider.text(text), { headers: { 'content-type': 'application/json' } });
  }

  await provider.rotateKeys();
  return provider;
}
