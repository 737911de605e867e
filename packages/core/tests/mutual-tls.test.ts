// @platforms node: client certificates need `./node`.
import type { TLSSocket } from 'node:tls';
import { createTestAuthorizationServer, type TestClient } from '@countersign/testing';
import { decodeJwt } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type ClientAuthentication,
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  fetchUserinfo,
  introspectToken,
  refreshTokens,
  revokeToken,
  selfSignedTlsClientAuth,
  tlsClientAuth,
  validateAuthorizationResponse,
} from '../src/index.ts';
import { createNodeFetch } from '../src/node/index.ts';
import { computeThumbprint, type TestCertificate } from './support/certificates.ts';
import {
  authority,
  type CertificateRequest,
  clientCertificate,
  forgedCertificate,
  listenOverTls,
  otherClientCertificate,
  otherSelfSignedCertificate,
  selfSignedCertificate,
} from './support/tls.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

/** Serves over TLS, and tells the handler which certificate the client holds the key of. */
async function listen(
  asks: CertificateRequest,
  handle: () => (request: Request) => Promise<Response>,
): Promise<string> {
  const { origin, close } = await listenOverTls(asks, async (incoming, outgoing) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
    const headers = new Headers(incoming.headers as Record<string, string>);
    // What a client writes there itself is worth nothing.
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

/** A provider on two ports: one for everybody, and one that asks for a certificate and is named by the aliases. */
async function startProvider(
  method: 'tls_client_auth' | 'self_signed_tls_client_auth',
  registered: TestCertificate,
) {
  type Server = Awaited<ReturnType<typeof createTestAuthorizationServer>>;
  let server: Server | undefined;
  const reached: string[] = [];
  const through = (port: string) => () => (request: Request) => {
    reached.push(`${port} ${new URL(request.url).pathname}`);
    return (server as Server).fetch(request);
  };
  const issuer = await listen('none', through('plain'));
  const mtls = await listen(method === 'tls_client_auth' ? 'of_the_authority' : 'any', through('mtls'));
  const client: TestClient = {
    clientId: 'mtls-client',
    tokenEndpointAuthMethod: method,
    certificateThumbprint: computeThumbprint(registered.certificate),
  };
  const names = ['token', 'userinfo', 'revocation', 'introspection', 'pushed_authorization_request'];
  const paths = { token: 'token', userinfo: 'userinfo', revocation: 'revoke', introspection: 'introspect' };
  const pathOf = (name: string) => (paths as Record<string, string>)[name] ?? 'par';
  server = await createTestAuthorizationServer({
    issuer,
    clients: [client],
    metadata: {
      mtls_endpoint_aliases: Object.fromEntries(
        names.map((name) => [`${name}_endpoint`, `${mtls}/${pathOf(name)}`]),
      ),
    },
  });
  return { server, reached };
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
  test('login, refresh, userinfo, introspection and revocation go to the aliases, with the certificate and no secret', async () => {
    const provider = await startProvider(method, certificate);
    const client = createRelyingParty(provider, authentication(), certificate);
    const tokens = await logIn(provider, client);
    expect(tokens.claims?.sub).toBe('alice');
    const refreshed = await refreshTokens(client, tokens.refreshToken as string);
    expect(await fetchUserinfo(client, refreshed.accessToken, 'alice')).toMatchObject({ sub: 'alice' });
    expect(await introspectToken(client, refreshed.accessToken)).toMatchObject({ active: true });
    await revokeToken(client, refreshed.refreshToken as string);
    expect(provider.reached).toEqual([
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

  test('a pushed authorization request proves the client as well', async () => {
    const provider = await startProvider(method, certificate);
    const plain = createRelyingParty(provider, authentication(), certificate);
    const client = createClient({
      ...plain.options,
      clientAuthentication: authentication(),
      pushedAuthorizationRequests: 'always',
    });
    expect((await logIn(provider, client)).claims?.sub).toBe('alice');
    expect(provider.reached).toContain('mtls /par');
  });
});

describe('RFC 8705 section 2.1: a certificate that the PKI does not vouch for, or of somebody else', () => {
  test.each([
    ['none', undefined],
    ['one of a foreign authority, with the same name', forgedCertificate],
    ['a self-signed one', selfSignedCertificate],
  ] as const)('%s: the TLS layer refuses, and that is a TransportError without tokens', async (_, shown) => {
    const provider = await startProvider('tls_client_auth', clientCertificate);
    const client = createRelyingParty(provider, tlsClientAuth(), shown);
    await expect(logIn(provider, client)).rejects.toMatchObject({
      name: 'TransportError',
      code: 'network_error',
    });
    expect(provider.server.requestsTo('token')).toEqual([]);
  });

  test("another client's certificate of the same authority is invalid_client", async () => {
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

describe('RFC 8705 section 2.2: a self-signed certificate that is not the registered one', () => {
  test.each([
    ['none', undefined],
    ['another self-signed one with the same name', otherSelfSignedCertificate],
    ['one of an authority', clientCertificate],
  ] as const)('%s is invalid_client', async (_, shown) => {
    const provider = await startProvider('self_signed_tls_client_auth', selfSignedCertificate);
    const client = createRelyingParty(provider, selfSignedTlsClientAuth(), shown);
    await expect(logIn(provider, client)).rejects.toMatchObject({
      name: 'AuthorizationServerError',
      code: 'token_error',
      error: 'invalid_client',
    });
  });
});

test('RFC 8705 section 3: the access token is bound to the certificate that was shown', async () => {
  const provider = await startProvider('tls_client_auth', clientCertificate);
  const client = createRelyingParty(provider, tlsClientAuth(), clientCertificate);
  const { accessToken } = await logIn(provider, client);
  expect(decodeJwt(accessToken)).toMatchObject({
    cnf: { 'x5t#S256': computeThumbprint(clientCertificate.certificate) },
  });
});
