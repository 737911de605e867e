import {
  clientSecretBasic,
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  validateAuthorizationResponse,
} from '@countersign/core';
import { expect, test } from 'vitest';
import { createTestAuthorizationServer, type FlavourName } from '../../src/index.ts';
import { createServer, redirectUri } from '../support/log-in.ts';

const withIssuer: readonly FlavourName[] = [
  'adfs',
  'authelia',
  'authentik',
  'cognito',
  'dex',
  'entra',
  'gitlab',
  'google',
  'hydra',
  'keycloak',
  'okta',
  'salesforce',
  'spring',
  'zitadel',
];

test.each(withIssuer)('a client logs in at %s with the metadata of the issuer', async (flavour) => {
  const server = await createServer(flavour);
  const base = server.issuer.replace(/\/$/, '');
  expect(server.metadataUrl).toBe(`${base}/.well-known/openid-configuration`);
  const client = createClient({
    issuer: server.issuer,
    clientId: 'web',
    clientAuthentication: clientSecretBasic('web-secret'),
    redirectUri,
    scope: 'openid profile email',
    fetch: server.fetch,
    now: server.clock.now,
  });
  const { url, transaction } = await createAuthorizationRequest(client);
  const { parameters } = await server.authorize(url);
  const response = await validateAuthorizationResponse(client, parameters, transaction);
  const { claims } = await exchangeCode(client, response, transaction);
  expect(claims).toMatchObject({ iss: server.issuer, sub: 'alice' });
  expect([claims?.aud].flat()).toContain('web');
});

test('moves all addresses of a provider to the loopback address, and keeps their paths', async () => {
  const server = await createTestAuthorizationServer({ flavour: 'entra-multitenant' });
  const { issuer, close } = await server.listen();
  const { origin } = new URL(issuer);
  expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(issuer).toBe(`${origin}/organizations/v2.0`);
  expect(server.metadata).toMatchObject({
    issuer: `${origin}/{tenantid}/v2.0`,
    token_endpoint: `${origin}/organizations/oauth2/v2.0/token`,
    userinfo_endpoint: `${origin}/oidc/userinfo`,
  });
  const response = await fetch(String(server.metadataUrl));
  expect(await response.json()).toEqual(server.metadata);
  await close();
});

test('options replace the defaults of a flavour', async () => {
  const server = await createServer('keycloak', {
    issuer: 'https://login.example.test/realms/other',
    metadata: { scopes_supported: ['openid'] },
  });
  expect(server.metadata).toMatchObject({
    issuer: 'https://login.example.test/realms/other',
    token_endpoint: 'https://login.example.test/realms/other/protocol/openid-connect/token',
    scopes_supported: ['openid'],
  });
});

test('an endpoint that the provider does not have responds with 404', async () => {
  const server = await createServer('dex');
  expect(server.metadata).not.toHaveProperty('revocation_endpoint');
  expect(server.metadata).not.toHaveProperty('end_session_endpoint');
  expect((await server.fetch(`${server.issuer}/revoke`, { method: 'POST' })).status).toBe(404);
});
