import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { applications } from '../../../e2e/fresh/applications.ts';
import { readInstructions } from '../../../e2e/fresh/readme.ts';
import { root } from '../../lib/processes/process.ts';

const values = { issuer: 'I', audience: 'A', api: 'api', web: 'web', spa: 'spa' };

describe.each(applications)('$page', ({ page, generator, replacements }) => {
  const { commands, files } = readInstructions(page);

  test('begins with the generator and installs the packages', () => {
    expect(commands[0]).toContain(`npx ${generator.name}@latest `);
    expect(commands.join('\n')).toMatch(/^npm install @countersign\/\w+ @countersign\/core$/m);
  });

  test('contains each example value that test:fresh replaces', () => {
    const code = files.map((file) => file.code).join('\n');
    expect(
      replacements(values)
        .map(([from]) => from)
        .filter((from) => !code.includes(from)),
    ).toEqual([]);
  });

  test('has the commands that docs/first-minutes.md shows', () => {
    const shown = [...readFileSync(join(root, 'docs/first-minutes.md'), 'utf8').matchAll(/^\| `(.+)` \|/gm)];
    const shownCommands = shown.map(([, command = '']) => command);
    expect(commands.filter((command) => !shownCommands.includes(command))).toEqual([]);
  });
});

test('docs/first-minutes.md states what a run replaces, as the program writes it', () => {
  const differences = (text: string) =>
    [...text.matchAll(/^- .+$/gm)].map(([line]) => line.replaceAll('\\`', '`').replace(/`;$/, ''));
  const page = differences(readFileSync(join(root, 'docs/first-minutes.md'), 'utf8'));
  expect(page).toHaveLength(5);
  expect(differences(readFileSync(join(root, 'e2e/fresh/transcript.ts'), 'utf8'))).toEqual(page);
});
