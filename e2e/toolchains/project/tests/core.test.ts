import { createAuthorizationRequest, createClient } from '@countersign/core';
import { createNodeFetch } from '@countersign/core/node';
import { createAccessTokenVerifier } from '@countersign/core/resource-server';

declare const test: (name: string, run: () => Promise<void>) => void;
declare const expect: (value: unknown) => { toBe(expected: unknown): void };

const issuer = 'https://id.example';

test('core', async () => {
  const metadata = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
  };
  const client = createClient({
    issuer,
    clientId: 'app',
    redirectUri: 'https://app.example/callback',
    fetch: async () => Response.json(metadata),
  });
  const { url } = await createAuthorizationRequest(client);
  expect(new URL(url).origin).toBe(issuer);
  expect(typeof createAccessTokenVerifier({ issuer, audience: 'https://api.example' }).verifyToken).toBe(
    'function',
  );
  expect(typeof createNodeFetch()).toBe('function');
});
