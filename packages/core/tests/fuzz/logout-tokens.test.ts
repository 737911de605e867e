import { createTestAuthorizationServer } from '@countersign/testing';
import { expect, test } from 'vitest';
import { AuthError, createClient, validateLogoutToken } from '../../src/index.ts';
import {
  computeFuzzTimeout,
  encodeText,
  fuzzSurface,
  mutateMembers,
  mutateText,
  readFuzzRuns,
} from '../support/hostile-inputs.ts';

const runs = readFuzzRuns(2_000);

test('S13: accepts only an issued logout token, and rejects others with a typed error', {
  timeout: computeFuzzTimeout(runs),
}, async () => {
  const server = await createTestAuthorizationServer();
  const client = createClient({
    issuer: server.issuer,
    clientId: 'web',
    redirectUri: 'https://app.example.test/callback',
    fetch: server.fetch,
    now: server.clock.now,
  });
  server.clock.stop();
  const now = Math.floor(server.clock.now() / 1000);
  const good = await server.mintLogoutToken({ aud: 'web', sub: 'alice' });
  const [goodHeader = '', , signature = ''] = good.split('.');
  const header = JSON.parse(atob(goodHeader.replace(/-/g, '+').replace(/_/g, '/'))) as Record<
    string,
    unknown
  >;
  const claims = {
    iss: server.issuer,
    aud: 'web',
    iat: now,
    exp: now + 120,
    jti: '1',
    sub: 'alice',
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  };
  const counts = await fuzzSurface({
    name: 'logout tokens',
    runs,
    async attempt(random, index) {
      const forged = `${encodeText(mutateMembers(random, header))}.${encodeText(mutateMembers(random, claims))}.${signature}`;
      const token = index % 100 === 0 ? good : random.oneIn(2) ? forged : mutateText(random, good);
      try {
        await validateLogoutToken(client, token);
      } catch (error) {
        expect(token).not.toBe(good);
        expect(error).toBeInstanceOf(AuthError);
        return false;
      }
      // The unused bits of the last base64url character are the only part of a token that is not signed.
      expect(token.slice(0, -1)).toBe(good.slice(0, -1));
      return true;
    },
  });
  expect(counts.accepted).toBeGreaterThanOrEqual(Math.floor(runs / 100));
});
