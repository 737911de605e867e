import { describe, expect, test, vi } from 'vitest';
import { createAuthorizationRequest } from '../../src/index.ts';
import { createRandomToken } from '../../src/internal/encoding.ts';
import { createHarness, redirectUri } from '../support/client/harness.ts';

describe('C10: random values', () => {
  test('C10: have 256 uniformly distributed bits and no duplicates', () => {
    const values = Array.from({ length: 2000 }, createRandomToken);
    expect(new Set(values).size).toBe(values.length);
    const counts = new Map<string, number>();
    for (const value of values) {
      expect(value).toMatch(/^[\w-]{43}$/);
      // The last symbol contains four bits only.
      for (const symbol of value.slice(0, 42)) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
    }
    expect(counts.size).toBe(64);
    const mean = (values.length * 42) / 64;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    // 63 degrees of freedom: a value above 150 has a probability below 1e-8.
    expect(chiSquare).toBeLessThan(150);
  });

  test('C10: do not use Math.random', async () => {
    const weak = vi.spyOn(Math, 'random').mockImplementation(() => {
      throw new Error('weak');
    });
    const { client } = await createHarness();
    const one = await createAuthorizationRequest(client, { redirectUri });
    const two = await createAuthorizationRequest(client, { redirectUri });
    weak.mockRestore();
    for (const name of ['state', 'nonce', 'codeVerifier'] as const) {
      expect(one.transaction[name]).toMatch(/^[\w-]{43}$/);
      expect(one.transaction[name]).not.toBe(two.transaction[name]);
    }
  });
});
