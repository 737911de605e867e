// @platforms node: oidc-provider needs Node.
import { X509Certificate } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { exportJWK, generateKeyPair, importX509 } from 'jose';
import { Provider } from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Client,
  type ClientAuthentication,
  createClient,
  fetchUserinfo,
  introspectToken,
  refreshTokens,
  requestClientCredentials,
  revokeToken,
  selfSignedTlsClientAuth,
  tlsClientAuth,
} from '../../src/index.ts';
import { createNodeFetch, type NodeFetch } from '../../src/node/index.ts';
import { computeThumbprint, type TestCertificate } from '../support/tls/certificates.ts';
import {
  authority,
  clientCertificate,
  forgedCertificate,
  listenOverTls,
  otherClientCertificate,
  otherSelfSignedCertificate,
  selfSignedCertificate,
} from '../support/tls/tls.ts';
import { createBrowser } from './support/browser.ts';
import { logIn } from './support/log-in.ts';
import { approve } from './support/start-provider.ts';

const redirectUri = 'https://app.example.test/callback';
const getSocket = (ctx: unknown) => (ctx as { req: { socket: TLSSocket } }).req.socket;

/** Starts a certified authorization server that reads client certificates from the TLS connection. */
async function startProvider() {
  let handle: RequestListener = () => {};
  const { origin: issuer, close } = await listenOverTls('any', (request, response) =>
    handle(request, response),
  );
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const registered = await exportJWK(await importX509(selfSignedCertificate.certificate, 'ES256'));
  const x5c = [new X509Certificate(selfSignedCertificate.certificate).raw.toString('base64')];
  const base = {
    redirect_uris: [redirectUri],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  };
  const bound = { tls_client_certificate_bound_access_tokens: true };
  const provider = new Provider(issuer, {
    clients: [
      {
        ...base,
        ...bound,
        client_id: 'pki',
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_subject_dn: 'CN=our-client',
      },
      {
        ...base,
        ...bound,
        client_id: 'self-signed',
        token_endpoint_auth_method: 'self_signed_tls_client_auth',
        jwks: { keys: [{ ...registered, x5c, alg: 'ES256', use: 'sig', kid: 'certificate' }] },
      },
    ] as never,
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'RS256' }] } as never,
    cookies: { keys: ['a-cookie-key'] },
    clientAuthMethods: ['tls_client_auth', 'self_signed_tls_client_auth'],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async (_, __, code) => code.scopes.has('offline_access'),
    findAccount: (_, accountId) => ({ accountId, claims: async () => ({ sub: accountId }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    features: {
      revocation: { enabled: true },
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        selfSignedTlsClientAuth: true,
        tlsClientAuth: true,
        getCertificate: (ctx) => {
          const { raw } = getSocket(ctx).getPeerCertificate();
          return raw ? new X509Certificate(raw).toString() : (undefined as never);
        },
        certificateAuthorized: (ctx) => getSocket(ctx).authorized,
        certificateSubjectMatches: (ctx, property, expected) =>
          property === 'tls_client_auth_subject_dn' &&
          new X509Certificate(getSocket(ctx).getPeerCertificate().raw).subject === expected,
      },
    },
  });
  const callback = provider.callback();
  handle = (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return callback(request, response);
    approve(provider, request, response).catch(() => response.destroy());
  };
  return { issuer, close };
}

let provider: Awaited<ReturnType<typeof startProvider>>;
beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => provider.close());

/** Runs a function with a client that presents a certificate, or none. */
async function withClient<T>(
  clientId: string,
  clientAuthentication: ClientAuthentication,
  clientCertificate: TestCertificate | undefined,
  run: (client: Client, send: NodeFetch) => Promise<T>,
): Promise<T> {
  const send = createNodeFetch({
    ca: authority.certificate,
    ...(clientCertificate && { clientCertificate }),
  });
  const scope = 'openid offline_access';
  const { issuer } = provider;
  const client = createClient({ issuer, clientId, clientAuthentication, redirectUri, scope, fetch: send });
  try {
    return await run(client, send);
  } finally {
    await send.close();
  }
}

/** Requests a token and introspects it. */
const requestToken = (
  ...[clientId, authentication, certificate]: [string, ClientAuthentication, TestCertificate?]
) =>
  withClient(clientId, authentication, certificate, async (client) => {
    const { accessToken } = await requestClientCredentials(client);
    return introspectToken(client, accessToken);
  });

describe('RFC 8705: mutual TLS with a certified provider', () => {
  test.each([
    ['tls_client_auth', 'pki', tlsClientAuth(), clientCertificate],
    ['self_signed_tls_client_auth', 'self-signed', selfSignedTlsClientAuth(), selfSignedCertificate],
  ] as const)('%s: binds the token to the certificate', async (_, clientId, method, certificate) => {
    expect(await requestToken(clientId, method, certificate)).toMatchObject({
      active: true,
      client_id: clientId,
      cnf: { 'x5t#S256': computeThumbprint(certificate.certificate) },
    });
  });

  test.each([
    ['tls_client_auth', 'pki', tlsClientAuth(), clientCertificate],
    ['self_signed_tls_client_auth', 'self-signed', selfSignedTlsClientAuth(), selfSignedCertificate],
  ] as const)(
    '%s: logs in, refreshes with rotation, detects reuse and revokes tokens',
    async (_, clientId, method, certificate) =>
      withClient(clientId, method, certificate, async (client, send) => {
        const logInWithCertificate = () => logIn(client, undefined, createBrowser(provider.issuer, send));
        const tokens = await logInWithCertificate();
        expect(tokens.claims).toMatchObject({ sub: 'alice', aud: clientId });
        expect(await fetchUserinfo(client, tokens.accessToken, 'alice')).toEqual({ sub: 'alice' });
        const first = tokens.refreshToken as string;
        const second = await refreshTokens(client, first, { claims: tokens.claims });
        expect(second.refreshToken).not.toBe(first);
        for (const spent of [first, second.refreshToken as string]) {
          await expect(refreshTokens(client, spent)).rejects.toMatchObject({ error: 'invalid_grant' });
        }
        const { refreshToken } = await logInWithCertificate();
        await revokeToken(client, refreshToken as string, { tokenTypeHint: 'refresh_token' });
        await expect(refreshTokens(client, refreshToken as string)).rejects.toMatchObject({
          error: 'invalid_grant',
        });
      }),
  );

  test.each([
    ['tls_client_auth without a certificate', 'pki', tlsClientAuth(), undefined],
    ['tls_client_auth with a certificate of another authority', 'pki', tlsClientAuth(), forgedCertificate],
    ["tls_client_auth with another client's certificate", 'pki', tlsClientAuth(), otherClientCertificate],
    [
      'self_signed_tls_client_auth without a certificate',
      'self-signed',
      selfSignedTlsClientAuth(),
      undefined,
    ],
    [
      'self_signed_tls_client_auth with a certificate that is not registered',
      'self-signed',
      selfSignedTlsClientAuth(),
      otherSelfSignedCertificate,
    ],
  ] as const)('rejects %s with invalid_client', async (_, clientId, method, certificate) => {
    await expect(requestToken(clientId, method, certificate)).rejects.toMatchObject({
      name: 'AuthorizationServerError',
      error: 'invalid_client',
      status: 401,
    });
  });
});
