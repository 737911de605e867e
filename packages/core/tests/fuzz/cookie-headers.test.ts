import { expect, test } from 'vitest';
import { fuzzRuns, fuzzSeed, fuzzTimeout, printFuzzLine } from '../support/hostile-inputs.ts';
import { fuzzCookieHeaders } from './cookie-headers.ts';

const runs = fuzzRuns(2_000);

test('S30: any Cookie header: what is reported under our names was sent under exactly these names', {
  timeout: fuzzTimeout(runs),
}, () => {
  const seed = fuzzSeed();
  const { found, ambiguous } = fuzzCookieHeaders({ runs, seed });
  printFuzzLine('cookie headers', { runs, seed, outcomes: { 'names found': found, ambiguous } });
  expect(found).toBeGreaterThan(0);
  expect(ambiguous).toBeGreaterThan(0);
});
