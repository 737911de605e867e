import { expect, test } from 'vitest';
import { computeFuzzTimeout, printFuzzLine, readFuzzRuns, readFuzzSeed } from '../support/hostile-inputs.ts';
import { fuzzCookieHeaders, fuzzUnchangedLists } from './cookie-headers.ts';

const runs = readFuzzRuns(2_000);

test('S30: finds only cookies with the names of this library in any Cookie header', {
  timeout: computeFuzzTimeout(runs),
}, () => {
  const seed = readFuzzSeed();
  const { found, ambiguous } = fuzzCookieHeaders({ runs, seed });
  printFuzzLine('cookie headers', { runs, seed, outcomes: { 'names found': found, ambiguous } });
  expect(found).toBeGreaterThan(0);
  expect(ambiguous).toBeGreaterThan(0);
});

test('S31: an unchanged list of decoded cookies from a framework changes no cookie of a request', {
  timeout: computeFuzzTimeout(runs),
}, () => {
  const seed = readFuzzSeed();
  const { repeated } = fuzzUnchangedLists({ runs, seed });
  printFuzzLine('listed cookies', { runs, seed, outcomes: { repeated } });
  expect(repeated).toBeGreaterThan(0);
});
