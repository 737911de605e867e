// @platforms node: client certificates need `./node`.
import type { TLSSocket } from 'node:tls';
import { createTestAuthorizationServer, type TestClient } from '@countersign/testing';
import { decodeJwt } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type ClientAuthentication,
  type ClientSettings,
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  fetchUserinfo,
  introspectToken,
  privateKeyJwt,
  refreshTokens,
  revokeToken,
  selfSignedTlsClientAuth,
  tlsClientAuth,
  validateAuthorizationResponse,
} from '../src/index.ts';
import { createNodeFetch } from '../src/node/index.ts';
import { getSigningKey } from './support/client/signing-key.ts';
import { computeThumbprint, type TestCertificate } from './support/tls/certificates.ts';
import {
  authority,
  type CertificateRequest,
  clientCertificate,
  forgedCertificate,
  listenOverTls,
  otherClientCertificate,
  otherSelfSignedCertificate,
  selfSignedCertificate,
} from './support/tls/tls.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

/** Serves over TLS and passes the thumbprint of the client certificate to the handler. */
async function listen(
  certificateRequest: CertificateRequest,
  handle: () => (request: Request) => Promise<Response>,
): Promise<string> {
  const { origin, close } = await listenOverTls(certificateRequest, async (incoming, outgoing) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
    const headers = new Headers(incoming.headers as Record<string, string>);
    // A client cannot set this header itself.
    headers.delete('x-client-certificate-thumbprint');
    const { raw } = (incoming.socket as TLSSocket).getPeerCertificate();
    if (raw) headers.set('x-client-certificate-thumbprint', computeThumbprint(raw.toString('base64')));
    const { method = 'GET', url } = incoming;
    const body = method === 'POST' ? Buffer.concat(chunks) : null;
    const response = await handle()(new Request(`${origin}${url}`, { method, headers, body }));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  });
  cleanUp.push(close);
  return origin;
}

/** Starts a provider with two ports: one without client certificates, and one for the mtls_endpoint_aliases. */
async function startProvider(
  method: 'tls_client_auth' | 'self_signed_tls_client_auth' | 'private_key_jwt',
  registered: TestCertificate,
  registration: Partial<TestClient> = {},
) {
  type Server = Awaited<ReturnType<typeof createTestAuthorizationServer>>;
  let server: Server | undefined;
  const requests: string[] = [];
  const forward = (port: string) => () => (request: Request) => {
    requests.push(`${port} ${new URL(request.url).pathname}`);
    return (server as Server).fetch(request);
  };
  const issuer = await listen('none', forward('plain'));
  const mtls = await listen(method === 'tls_client_auth' ? 'of_the_authority' : 'any', forward('mtls'));
  const client: TestClient = {
    clientId: 'mtls-client',
    tokenEndpointAuthMethod: method,
    certificateThumbprint: computeThumbprint(registered.certificate),
    ...registration,
  };
  const names = ['token', 'userinfo', 'revocation', 'introspection', 'pushed_authorization_request'];
  const paths = { token: 'token', userinfo: 'userinfo', revocation: 'revoke', introspection: 'introspect' };
  const getPath = (name: string) => (paths as Record<string, string>)[name] ?? 'par';
  server = await createTestAuthorizationServer({
    issuer,
    clients: [client],
    metadata: {
      mtls_endpoint_aliases: Object.fromEntries(
        names.map((name) => [`${name}_endpoint`, `${mtls}/${getPath(name)}`]),
      ),
    },
  });
  return { server, requests };
}

type Provider = Awaited<ReturnType<typeof startProvider>>;

function createRelyingParty(
  { server }: Provider,
  clientAuthentication: ClientAuthentication,
  certificate: TestCertificate | undefined,
) {
  const send = createNodeFetch({
    ca: authority.certificate,
    ...(certificate && { clientCertificate: certificate }),
  });
  cleanUp.push(() => send.close());
  return createClient({
    issuer: server.issuer,
    clientId: 'mtls-client',
    clientAuthentication,
    redirectUri: 'https://app.example.test/callback',
    scope: 'openid offline_access',
    fetch: send,
    now: server.clock.now,
    retries: 0,
  });
}

async function logIn({ server }: Provider, client: ReturnType<typeof createRelyingParty>) {
  const { url, transaction } = await createAuthorizationRequest(client);
  const { parameters } = await server.authorize(url);
  return exchangeCode(
    client,
    await validateAuthorizationResponse(client, parameters, transaction),
    transaction,
  );
}

const methods = [
  ['tls_client_auth', tlsClientAuth, clientCertificate],
  ['self_signed_tls_client_auth', selfSignedTlsClientAuth, selfSignedCertificate],
] as const;

describe.each(methods)('RFC 8705 over TLS: %s', (method, authentication, certificate) => {
  test('sends all requests to the aliases, with the certificate and without a secret', async () => {
    const provider = await startProvider(method, certificate);
    const client = createRelyingParty(provider, authentication(), certificate);
    const tokens = await logIn(provider, client);
    expect(tokens.claims?.sub).toBe('alice');
    const refreshed = await refreshTokens(client, tokens.refreshToken as string);
    expect(await fetchUserinfo(client, refreshed.accessToken, 'alice')).toMatchObject({ sub: 'alice' });
    expect(await introspectToken(client, refreshed.accessToken)).toMatchObject({ active: true });
    await revokeToken(client, refreshed.refreshToken as string);
    expect(provider.requests).toEqual([
      'plain /.well-known/openid-configuration',
      'mtls /token',
      'plain /jwks',
      'mtls /token',
      'mtls /userinfo',
      'mtls /introspect',
      'mtls /revoke',
    ]);
    for (const { headers, body } of provider.server.requestsTo('token')) {
      expect(headers).not.toHaveProperty('authorization');
      expect(body).toMatchObject({ client_id: 'mtls-client' });
      expect(Object.keys(body).filter((name) => /secret|assertion/.test(name))).toEqual([]);
    }
  });

  test('authenticates a pushed authorization request', async () => {
    const provider = await startProvider(method, certificate);
    const base = createRelyingParty(provider, authentication(), certificate);
    const client = createClient({
      ...base.options,
      clientAuthentication: authentication(),
      pushedAuthorizationRequests: 'always',
    });
    expect((await logIn(provider, client)).claims?.sub).toBe('alice');
    expect(provider.requests).toContain('mtls /par');
  });
});

describe('RFC 8705 section 2.1: a client with an unregistered certificate', () => {
  test.each([
    ['none', undefined],
    ['one of another authority with the same name', forgedCertificate],
    ['a self-signed one', selfSignedCertificate],
  ] as const)('%s is rejected by the TLS layer with a TransportError', async (_, presented) => {
    const provider = await startProvider('tls_client_auth', clientCertificate);
    const client = createRelyingParty(provider, tlsClientAuth(), presented);
    await expect(logIn(provider, client)).rejects.toMatchObject({
      name: 'TransportError',
      code: 'network_error',
    });
    expect(provider.server.requestsTo('token')).toEqual([]);
  });

  test("rejects another client's certificate of the same authority with invalid_client", async () => {
    const provider = await startProvider('tls_client_auth', clientCertificate);
    const client = createRelyingParty(provider, tlsClientAuth(), otherClientCertificate);
    await expect(logIn(provider, client)).rejects.toMatchObject({
      name: 'AuthorizationServerError',
      code: 'token_error',
      error: 'invalid_client',
      status: 401,
    });
  });
});

describe('RFC 8705 section 2.2: a client with an unregistered self-signed certificate', () => {
  test.each([
    ['none', undefined],
    ['another self-signed one with the same name', otherSelfSignedCertificate],
    ['one of an authority', clientCertificate],
  ] as const)('%s leads to invalid_client', async (_, presented) => {
    const provider = await startProvider('self_signed_tls_client_auth', selfSignedCertificate);
    const client = createRelyingParty(provider, selfSignedTlsClientAuth(), presented);
    await expect(logIn(provider, client)).rejects.toMatchObject({
      name: 'AuthorizationServerError',
      code: 'token_error',
      error: 'invalid_client',
    });
  });
});

test('RFC 8705 section 3: binds the access token to the certificate of the connection', async () => {
  const provider = await startProvider('tls_client_auth', clientCertificate);
  const client = createRelyingParty(provider, tlsClientAuth(), clientCertificate);
  const { accessToken } = await logIn(provider, client);
  expect(decodeJwt(accessToken)).toMatchObject({
    cnf: { 'x5t#S256': computeThumbprint(clientCertificate.certificate) },
  });
});

describe('RFC 8705 section 3: a client with private_key_jwt', () => {
  const createBoundClient = async (options: Partial<ClientSettings & { readonly issuer: string }>) => {
    const { key, jwk } = await getSigningKey('ES256');
    const provider = await startProvider('private_key_jwt', clientCertificate, {
      tlsClientCertificateBoundAccessTokens: true,
      jwks: { keys: [jwk] },
    });
    const base = createRelyingParty(provider, privateKeyJwt({ key }), clientCertificate);
    const client = createClient({
      ...base.options,
      clientAuthentication: privateKeyJwt({ key }),
      ...options,
    });
    return { provider, client };
  };

  test('gets certificate-bound tokens from the aliases', async () => {
    const { provider, client } = await createBoundClient({ certificateBoundAccessTokens: true });
    const { accessToken, refreshToken } = await logIn(provider, client);
    const bound = { cnf: { 'x5t#S256': computeThumbprint(clientCertificate.certificate) } };
    expect(decodeJwt(accessToken)).toMatchObject(bound);
    const refreshed = await refreshTokens(client, refreshToken as string);
    expect(decodeJwt(refreshed.accessToken)).toMatchObject(bound);
    await revokeToken(client, refreshed.refreshToken as string);
    expect(provider.requests.filter((line) => line.startsWith('mtls'))).toEqual([
      'mtls /token',
      'mtls /token',
      'mtls /revoke',
    ]);
  });

  test('uses the other endpoints without the option', async () => {
    const { provider, client } = await createBoundClient({});
    await expect(logIn(provider, client)).rejects.toMatchObject({ error: 'invalid_request' });
    expect(provider.requests).toContain('plain /token');
  });
});
