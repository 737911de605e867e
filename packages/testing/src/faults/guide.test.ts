import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mutations } from './jwt-faults.ts';
import { responseFaults } from './response-faults.ts';

const guide = readFileSync(new URL('../../../../docs/guides/testing.md', import.meta.url), 'utf8');
const [responseSection = '', tokenSection = ''] = guide
  .slice(guide.indexOf('## Faults\n'))
  .split('Faults of a signed token');
const listFaultNames = (text: string) =>
  [...text.matchAll(/^\| .*$/gm)]
    .flatMap(([line]) => [...line.matchAll(/`([a-z0-9_]+)`/g)].map((match) => match[1]))
    .sort();

test('the guide names each fault, and only existing faults', () => {
  expect(listFaultNames(responseSection)).toEqual(Object.keys(responseFaults).sort());
  expect(listFaultNames(tokenSection)).toEqual(Object.keys(mutations).sort());
});
