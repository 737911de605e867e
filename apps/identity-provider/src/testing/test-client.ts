import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import type { RunningProvider } from '../start.ts';
import { createTestBrowser } from './test-browser.ts';

export const api = 'https://api.countersign.example';
export const reports = 'https://reports.countersign.example';
export const redirectUri = 'http://localhost:4200/callback';

/** Undefined omits a parameter. An array repeats it. */
export type Parameters = Record<string, string | readonly string[] | undefined>;

export interface TestResponse {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON of the provider
  readonly body: any;
}

export function encode(parameters: Parameters): URLSearchParams {
  const encoded = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of [value ?? []].flat()) encoded.append(name, each);
  }
  return encoded;
}

/** Creates a client that sends raw protocol requests as the public client `angular-spa`. */
export function createTestClient({ issuer }: Pick<RunningProvider, 'issuer'>) {
  const verifier = randomBytes(32).toString('base64url');

  const authorization = (parameters: Parameters = {}): Parameters => ({
    client_id: 'angular-spa',
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid profile email offline_access items:read items:write',
    resource: api,
    state: 'some-state',
    nonce: 'some-nonce',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...parameters,
  });
  const authorizationUrl = (parameters: Parameters = {}): string =>
    `${issuer}/auth?${encode(authorization(parameters))}`;

  async function post(path: string, parameters: Parameters, headers: Record<string, string> = {}) {
    const body = encode({ client_id: 'angular-spa', ...parameters });
    const response = await fetch(issuer + path, { method: 'POST', body, headers });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text.startsWith('{') ? JSON.parse(text) : text,
    } as TestResponse;
  }

  const exchange = (callback: URL, parameters: Parameters = {}, headers: Record<string, string> = {}) =>
    post(
      '/token',
      {
        grant_type: 'authorization_code',
        code: callback.searchParams.get('code') ?? '',
        redirect_uri: redirectUri,
        code_verifier: verifier,
        resource: api,
        ...parameters,
      },
      headers,
    );

  return {
    verifier,
    authorization,
    authorizationUrl,
    post,
    exchange,
    /** Logs in with a new browser and exchanges the code. */
    async login(user: 'alice' | 'bob' = 'alice', parameters: Parameters = {}): Promise<TestResponse> {
      const callback = await createTestBrowser(issuer).logIn(authorizationUrl(parameters), user);
      return exchange(callback);
    },
    refresh: (refreshToken: string, parameters: Parameters = {}) =>
      post('/token', { grant_type: 'refresh_token', refresh_token: refreshToken, ...parameters }),
    async userinfo(accessToken: string): Promise<TestResponse> {
      const response = await fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${accessToken}` } });
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
  };
}

export const readHeader = (jwt: string) => decodePart(jwt, 0);
export const readClaims = (jwt: string) => decodePart(jwt, 1);

function decodePart(jwt: string, part: 0 | 1) {
  return JSON.parse(Buffer.from(jwt.split('.')[part] ?? '', 'base64url').toString());
}

/** Creates DPoP proofs with a new key (RFC 9449 section 4). */
export function createDpopProver() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  return {
    thumbprint,
    prove(method: string, url: string, nonce?: string): string {
      const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } };
      const payload = { jti: randomUUID(), htm: method, htu: url, iat: Math.floor(Date.now() / 1000), nonce };
      const input = [header, payload]
        .map((each) => Buffer.from(JSON.stringify(each)).toString('base64url'))
        .join('.');
      const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${input}.${signature.toString('base64url')}`;
    },
  };
}
