import { expect, test } from 'vitest';
import { fuzzRuns, fuzzTimeout, printFuzzLine, readFuzzSeed } from '../support/hostile-inputs.ts';
import { fuzzForeignJson } from './untrusted-json-fuzz.ts';

const runs = fuzzRuns(20_000);

test('C9: the gate for foreign JSON accepts what JSON.parse accepts, within its limits', {
  timeout: fuzzTimeout(runs),
}, () => {
  const seed = readFuzzSeed();
  const { accepted, refused } = fuzzForeignJson({ runs, seed });
  printFuzzLine('foreign JSON', { runs, seed, outcomes: { accepted, ...refused } });
  const rejected = Object.values(refused).reduce((sum, count) => sum + count, 0);
  expect(accepted + rejected).toBe(runs);
  if (runs < 10_000) return;
  // Every outcome was seen, or the run says nothing about it.
  expect(accepted).toBeGreaterThan(0);
  expect(Object.keys(refused).sort()).toEqual([
    'json',
    'json_depth',
    'json_length',
    'json_number',
    'json_values',
  ]);
});
