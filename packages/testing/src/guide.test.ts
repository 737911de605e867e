import {
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  validateAuthorizationResponse,
} from '@countersign/core';
import { expect, test } from 'vitest';
import { createTestAuthorizationServer } from './index.ts';

// The same test as in docs/guides/testing.md.
test('rejects an ID token with a wrong nonce', async () => {
  const server = await createTestAuthorizationServer();
  const client = createClient({
    issuer: server.issuer,
    clientId: 'app',
    redirectUri: 'https://app.example.test/callback',
    fetch: server.fetch,
    now: server.clock.now,
  });
  const { url, transaction } = await createAuthorizationRequest(client);
  const { parameters } = await server.authorize(url);
  const response = await validateAuthorizationResponse(client, parameters, transaction);
  server.faults.add('id_token_nonce_invalid');
  await expect(exchangeCode(client, response, transaction)).rejects.toMatchObject({
    code: 'id_token_invalid',
    check: 'nonce',
  });
  expect(server.requestsTo('token')).toHaveLength(1);
});
