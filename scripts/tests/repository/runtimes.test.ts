import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runtimes } from '../../../e2e/runtimes/runtimes.ts';
import { root } from '../../lib/processes/process.ts';

test.each(runtimes)('the README states the tested version of $name', ({ name, packages }) => {
  const row = readFileSync(join(root, 'README.md'), 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`| ${name} |`));
  expect(row).toContain(`${Object.values(packages)[0]} |`);
});
