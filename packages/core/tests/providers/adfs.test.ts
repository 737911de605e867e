import { createTestAuthorizationServer } from '@countersign/testing';
import { expect, test } from 'vitest';
import {
  clientSecretBasic,
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  validateAuthorizationResponse,
} from '../../src/index.ts';
import { adfs } from '../../src/providers/index.ts';
import { createAccessTokenVerifier } from '../../src/resource-server/index.ts';

const resource = 'https://api.example.test';

test('an API with the preset accepts access tokens with the http issuer and auth_time as a date', async () => {
  const server = await createTestAuthorizationServer({ flavour: 'adfs', resources: [resource] });
  server.clock.stop();
  const provider = adfs({ issuer: server.issuer });
  const client = createClient({
    provider,
    clientId: 'web',
    clientAuthentication: clientSecretBasic('web-secret'),
    redirectUri: 'https://app.example.test/callback',
    scope: 'openid profile',
    resource,
    fetch: server.fetch,
    now: server.clock.now,
  });
  const { url, transaction } = await createAuthorizationRequest(client);
  const { parameters } = await server.authorize(url);
  const response = await validateAuthorizationResponse(client, parameters, transaction);
  const { accessToken, claims } = await exchangeCode(client, response, transaction);
  expect(claims?.iss).toBe('https://adfs.example.test/adfs');
  const verify = (options: object) =>
    createAccessTokenVerifier({
      provider,
      audience: resource,
      fetch: server.fetch,
      now: server.clock.now,
      ...options,
    }).verifyToken(accessToken);
  expect(await verify({})).toMatchObject({
    issuer: 'http://adfs.example.test/adfs/services/trust',
    clientId: 'web',
    claims: { auth_time: expect.any(Number) },
  });
  const { accessTokens: _, ...strict } = provider;
  await expect(verify({ provider: strict })).rejects.toThrow('issuer');
});
