import { createTestAuthorizationServer } from '@countersign/testing';
import { expect, test } from 'vitest';
import {
  clientSecretBasic,
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  validateAuthorizationResponse,
} from '../../../index.ts';
import { kanidm } from './kanidm.ts';

test('a login accepts an ID token that is signed with ES256, which Kanidm uses', async () => {
  const server = await createTestAuthorizationServer({
    clients: [{ clientId: 'web', clientSecret: 'web-secret', idTokenSignedResponseAlg: 'ES256' }],
  });
  const client = createClient({
    provider: kanidm({ issuer: server.issuer }),
    clientId: 'web',
    clientAuthentication: clientSecretBasic('web-secret'),
    redirectUri: 'https://app.example.test/callback',
    fetch: server.fetch,
    now: server.clock.now,
  });
  const { url, transaction } = await createAuthorizationRequest(client);
  const { parameters } = await server.authorize(url);
  const response = await validateAuthorizationResponse(client, parameters, transaction);
  const { claims } = await exchangeCode(client, response, transaction);
  expect(claims).toMatchObject({ sub: 'alice', aud: 'web' });
});
