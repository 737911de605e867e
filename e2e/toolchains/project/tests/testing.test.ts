import { createAccessTokenVerifier } from '@countersign/core/resource-server';
import { createTestAuthorizationServer } from '@countersign/testing';

declare const test: (name: string, run: () => Promise<void>) => void;
declare const expect: (value: unknown) => { toBe(expected: unknown): void };

const audience = 'https://api.example.com';

test('testing', async () => {
  const { issuer, fetch, clock, mintAccessToken } = await createTestAuthorizationServer({
    resources: [audience],
  });
  const verifier = createAccessTokenVerifier({ issuer, audience, fetch, now: clock.now });
  const { sub } = await verifier.verifyToken(await mintAccessToken({ sub: 'alice', scope: 'items:read' }));
  expect(sub).toBe('alice');
});
