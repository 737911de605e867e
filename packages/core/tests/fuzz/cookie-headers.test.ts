import { expect, test } from 'vitest';
import { fuzzRuns, fuzzTimeout, printFuzzLine, readFuzzSeed } from '../support/hostile-inputs.ts';
import { fuzzCookieHeaders } from './cookie-headers.ts';

const runs = fuzzRuns(2_000);

test('S30: finds only cookies with the names of this library in any Cookie header', {
  timeout: fuzzTimeout(runs),
}, () => {
  const seed = readFuzzSeed();
  const { found, ambiguous } = fuzzCookieHeaders({ runs, seed });
  printFuzzLine('cookie headers', { runs, seed, outcomes: { 'names found': found, ambiguous } });
  expect(found).toBeGreaterThan(0);
  expect(ambiguous).toBeGreaterThan(0);
});
