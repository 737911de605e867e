import { expect, test } from 'vitest';
import { fuzzForeignJson } from './foreign-json-fuzz.ts';

const environment = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env;

/** `FUZZ_RUNS` makes a longer run, `FUZZ_SEED` repeats one. */
const runs = Number(environment?.FUZZ_RUNS ?? 20_000);
const seed = Number(environment?.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 32));

test('C9: the gate for foreign JSON accepts what JSON.parse accepts, within its limits', {
  timeout: 600_000,
}, () => {
  const counts = fuzzForeignJson({ runs, seed });
  console.info(`foreign JSON: seed ${seed}, ${runs} texts`, JSON.stringify(counts));
  const refused = Object.values(counts.refused).reduce((sum, count) => sum + count, 0);
  expect(counts.accepted + refused).toBe(runs);
  if (runs < 10_000) return;
  // Every outcome was seen, or the run says nothing about it.
  expect(counts.accepted).toBeGreaterThan(0);
  expect(Object.keys(counts.refused).sort()).toEqual([
    'json',
    'json_depth',
    'json_length',
    'json_number',
    'json_values',
  ]);
});
