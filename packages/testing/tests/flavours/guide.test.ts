import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { flavours } from '../../src/flavours/index.ts';

const guide = readFileSync(new URL('../../../../docs/guides/testing.md', import.meta.url), 'utf8');
const section = guide.slice(guide.indexOf('## Other providers\n'), guide.indexOf('## Failures\n'));

test('the guide has a row for each flavour, and only for existing flavours', () => {
  const names = [...section.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, name]) => name);
  expect(['standard', ...names].sort()).toEqual(Object.keys(flavours).sort());
});
