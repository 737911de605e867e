import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { exportJWK, generateKeyPair, importX509 } from 'jose';
import { Provider } from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ClientAuthentication,
  createClient,
  introspectToken,
  requestClientCredentials,
  selfSignedTlsClientAuth,
  tlsClientAuth,
} from '../../src/index.ts';
import { createNodeFetch } from '../../src/node/index.ts';
import {
  createTestAuthority,
  issueTestCertificate,
  type TestCertificate,
  thumbprint,
} from '../../src/node/test-certificates.ts';

const authority = createTestAuthority('Test authority');
const serverCertificate = issueTestCertificate(authority, 'Test server');
const ours = issueTestCertificate(authority, 'our-client');
const anotherClients = issueTestCertificate(authority, 'another-client');
const forged = issueTestCertificate(createTestAuthority('Foreign authority'), 'our-client');
const selfSigned = createTestAuthority('our-client');
const anotherSelfSigned = createTestAuthority('our-client');

const socketOf = (ctx: unknown) => (ctx as { req: { socket: TLSSocket } }).req.socket;

/** A real, certified authorization server that reads certificates from the TLS connection itself. */
async function startProvider() {
  let handle: ReturnType<Provider['callback']> | undefined;
  const server = createServer(
    {
      key: serverCertificate.key,
      cert: serverCertificate.certificate,
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => void handle?.(request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const registered = await exportJWK(await importX509(selfSigned.certificate, 'ES256'));
  const x5c = [new X509Certificate(selfSigned.certificate).raw.toString('base64')];
  const base = { redirect_uris: [], response_types: [], grant_types: ['client_credentials'] };
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
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        selfSignedTlsClientAuth: true,
        tlsClientAuth: true,
        getCertificate: (ctx) => {
          const { raw } = socketOf(ctx).getPeerCertificate();
          return raw ? new X509Certificate(raw).toString() : (undefined as never);
        },
        certificateAuthorized: (ctx) => socketOf(ctx).authorized,
        certificateSubjectMatches: (ctx, property, expected) =>
          property === 'tls_client_auth_subject_dn' &&
          new X509Certificate(socketOf(ctx).getPeerCertificate().raw).subject === expected,
      },
    },
  });
  handle = provider.callback();
  return {
    issuer,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

let provider: Awaited<ReturnType<typeof startProvider>>;
beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => provider.close());

/** Asks for a token, and what the provider knows of it. */
async function requestToken(
  clientId: string,
  clientAuthentication: ClientAuthentication,
  clientCertificate: TestCertificate | undefined,
) {
  const send = createNodeFetch({
    ca: authority.certificate,
    ...(clientCertificate && { clientCertificate }),
  });
  try {
    const client = createClient({ issuer: provider.issuer, clientId, clientAuthentication, fetch: send });
    const { accessToken } = await requestClientCredentials(client);
    return await introspectToken(client, accessToken);
  } finally {
    await send.close();
  }
}

describe('RFC 8705: mutual TLS with a certified provider', () => {
  test.each([
    ['tls_client_auth', 'pki', tlsClientAuth(), ours],
    ['self_signed_tls_client_auth', 'self-signed', selfSignedTlsClientAuth(), selfSigned],
  ] as const)(
    '%s: a token is given, and it is bound to the certificate',
    async (_, clientId, method, certificate) => {
      expect(await requestToken(clientId, method, certificate)).toMatchObject({
        active: true,
        client_id: clientId,
        cnf: { 'x5t#S256': thumbprint(certificate.certificate) },
      });
    },
  );

  test.each([
    ['tls_client_auth without a certificate', 'pki', tlsClientAuth(), undefined],
    ['tls_client_auth with a certificate of a foreign authority', 'pki', tlsClientAuth(), forged],
    ["tls_client_auth with another client's certificate", 'pki', tlsClientAuth(), anotherClients],
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
      anotherSelfSigned,
    ],
  ] as const)('%s is invalid_client', async (_, clientId, method, certificate) => {
    await expect(requestToken(clientId, method, certificate)).rejects.toMatchObject({
      name: 'AuthorizationServerError',
      error: 'invalid_client',
      status: 401,
    });
  });
});
