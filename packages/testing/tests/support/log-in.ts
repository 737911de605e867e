import { base64url, decodeJwt, decodeProtectedHeader } from 'jose';
import {
  createTestAuthorizationServer,
  type FlavourName,
  type TestAuthorizationServer,
  type TestAuthorizationServerOptions,
} from '../../src/index.ts';

export const redirectUri = 'https://app.example.test/callback';
const verifier = 'v'.repeat(43);

/** Creates the server of a flavour with a clock that stands still. */
export async function createServer(
  flavour: FlavourName,
  options: TestAuthorizationServerOptions = {},
): Promise<TestAuthorizationServer> {
  const server = await createTestAuthorizationServer({ flavour, ...options });
  server.clock.stop();
  return server;
}

/** Creates the URL of an authorization request with PKCE. */
export async function createLoginUrl(
  server: TestAuthorizationServer,
  parameters: Readonly<Record<string, string>>,
): Promise<URL> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  const url = new URL(String(server.metadata.authorization_endpoint));
  url.search = new URLSearchParams({
    client_id: 'web',
    response_type: 'code',
    redirect_uri: redirectUri,
    code_challenge: base64url.encode(new Uint8Array(digest)),
    code_challenge_method: 'S256',
    state: 'a-state',
    nonce: 'a-nonce',
    ...parameters,
  }).toString();
  // An empty parameter is not sent.
  for (const [name, value] of Object.entries(parameters)) if (value === '') url.searchParams.delete(name);
  return url;
}

type Credentials = Readonly<Record<string, string>>;

/** Creates the header of HTTP Basic. */
export const basic = (id: string, secret: string): Credentials => ({
  authorization: `Basic ${btoa(`${id}:${secret}`)}`,
});

/** Sends a form to an endpoint of the server, as `web` unless the form or the headers name another client. */
export async function post(
  server: TestAuthorizationServer,
  endpoint: string,
  fields: Readonly<Record<string, string>>,
  headers: Credentials = 'client_id' in fields ? {} : basic('web', 'web-secret'),
) {
  const response = await server.fetch(String(server.metadata[`${endpoint}_endpoint`] ?? endpoint), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  const body: Record<string, unknown> = type.includes('json')
    ? JSON.parse(text)
    : Object.fromEntries(new URLSearchParams(text));
  return { status: response.status, type, body };
}

/** Logs in and exchanges the code. */
export async function logIn(
  server: TestAuthorizationServer,
  parameters: Readonly<Record<string, string>>,
  credentials: Credentials = {},
) {
  const { parameters: callback } = await server.authorize(await createLoginUrl(server, parameters));
  const { status, type, body } = await post(server, 'token', {
    grant_type: 'authorization_code',
    code: callback.get('code') ?? '',
    redirect_uri: redirectUri,
    ...('code_challenge' in parameters ? {} : { code_verifier: verifier }),
    ...credentials,
  });
  return { callback, status, type, body };
}

/** Refreshes with a refresh token. */
export const refresh = (server: TestAuthorizationServer, token: unknown, credentials: Credentials = {}) =>
  post(server, 'token', { grant_type: 'refresh_token', refresh_token: String(token), ...credentials });

/** Decodes a token of a response without verification. */
export const decode = (token: unknown) => ({
  header: decodeProtectedHeader(String(token)),
  claims: decodeJwt(String(token)),
});

/** Fetches userinfo with an access token. */
export const getUserinfo = async (server: TestAuthorizationServer, token: unknown) => {
  const response = await server.fetch(String(server.metadata.userinfo_endpoint), {
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: response.status, body: await response.json() };
};
