import { describe, expect, test } from 'vitest';
import type { AuthEvent } from '../../src/index.ts';
import { createHarness } from '../support/client/harness.ts';
import { addNullKeyMembers } from '../support/null-key-members.ts';

describe('the keys of a provider', () => {
  test('may share one kid if their type, curve or alg differs', async () => {
    for (const alg of ['RS256', 'ES256']) {
      const harness = await createHarness({
        server: { decoyKeys: true },
        registration: { idTokenSignedResponseAlg: alg },
        client: { idTokenSignedResponseAlg: alg as never },
      });
      await harness.logIn();
      expect(harness.userinfo).toMatchObject({ sub: 'alice' });
    }
  });

  test.each(['RS256', 'ES256'])('may have members that are null, with %s', async (alg) => {
    const harness = await createHarness({
      registration: { idTokenSignedResponseAlg: alg },
      client: { idTokenSignedResponseAlg: alg as never },
    });
    await addNullKeyMembers(harness.server);
    await harness.logIn();
    expect(harness.userinfo).toMatchObject({ sub: 'alice' });
    // A null key accepts no other signature.
    harness.server.faults.add('id_token_signature_invalid');
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'id_token_invalid' });
  });

  test('are fetched five times for unknown kids, then once per ten seconds', async () => {
    const harness = await createHarness();
    harness.server.clock.stop();
    await harness.logIn();
    harness.server.faults.add('id_token_kid_unknown');
    const countFetches = () => harness.server.requestsTo('jwks').length;
    await Promise.all(Array.from({ length: 10 }, () => harness.logIn().catch(() => undefined)));
    for (let attempt = 0; attempt < 10; attempt++) await harness.logIn().catch(() => undefined);
    expect(countFetches()).toBe(6);
    harness.server.faults.clear();
    await harness.logIn();
    expect(countFetches()).toBe(6);
    harness.server.clock.advance(11);
    harness.server.faults.add('id_token_kid_unknown');
    for (let attempt = 0; attempt < 3; attempt++) await harness.logIn().catch(() => undefined);
    expect(countFetches()).toBe(7);
  });

  test('are used for a day while their endpoint is unavailable', async () => {
    const events: AuthEvent[] = [];
    const harness = await createHarness({ client: { retries: 0, onEvent: (event) => events.push(event) } });
    harness.server.clock.stop();
    await harness.logIn();
    harness.server.fail('jwks', { status: 503, times: 100 });
    harness.server.clock.advance(3000);
    await harness.logIn();
    expect(events).toContainEqual({
      type: 'keys.failed',
      issuer: harness.server.issuer,
      code: 'server_error',
      reason: expect.any(String),
    });
    harness.server.clock.advance(86_400);
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'server_error' });
  });
});
