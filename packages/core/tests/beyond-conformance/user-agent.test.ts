import { describe, expect, test } from 'vitest';
import { createHarness } from '../conformance/harness.ts';

describe('user-agent', () => {
  test('names the library, or what the application says', async () => {
    const plain = await createHarness();
    await plain.logIn();
    expect(plain.server.requestsTo('token')[0]?.headers['user-agent']).toBe('countersign');
    const named = await createHarness({ client: { userAgent: 'reports/2.1' } });
    await named.logIn();
    expect(named.server.requestsTo('userinfo')[0]?.headers['user-agent']).toBe('reports/2.1');
    expect(named.server.requestsTo('jwks')[0]?.headers['user-agent']).toBe('reports/2.1');
  });
});
