import { expect, test } from 'vitest';
import { fuzzCookieHeaders } from './cookie-headers.ts';

const environment =
  (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {};

test('S30: any Cookie header: what is reported under our names was sent under exactly these names', {
  timeout: 600_000,
}, () => {
  const seed = Number(environment.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const result = fuzzCookieHeaders({ runs: Number(environment.FUZZ_RUNS ?? 2_000), seed });
  console.log(`cookie headers: ${JSON.stringify({ seed, ...result })}`);
  expect(result.found).toBeGreaterThan(0);
  expect(result.ambiguous).toBeGreaterThan(0);
});
