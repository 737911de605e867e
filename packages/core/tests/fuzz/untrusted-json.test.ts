import { expect, test } from 'vitest';
import { computeFuzzTimeout, printFuzzLine, readFuzzRuns, readFuzzSeed } from '../support/hostile-inputs.ts';
import { fuzzUntrustedJson } from './untrusted-json-fuzz.ts';

const runs = readFuzzRuns(20_000);

test('C9: the parser for untrusted JSON accepts the same texts as JSON.parse within its limits', {
  timeout: computeFuzzTimeout(runs),
}, () => {
  const seed = readFuzzSeed();
  const { accepted, rejected } = fuzzUntrustedJson({ runs, seed });
  printFuzzLine('untrusted JSON', { runs, seed, outcomes: { accepted, ...rejected } });
  const rejections = Object.values(rejected).reduce((sum, count) => sum + count, 0);
  expect(accepted + rejections).toBe(runs);
  if (runs < 10_000) return;
  // The inputs must cover every outcome.
  expect(accepted).toBeGreaterThan(0);
  expect(Object.keys(rejected).sort()).toEqual([
    'json',
    'json_depth',
    'json_length',
    'json_number',
    'json_values',
  ]);
});
