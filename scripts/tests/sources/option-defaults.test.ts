import { readFileSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';
import { sources } from '../support/sources.ts';

// The docstring of each optional member of public options says what applies without it.

/** The names that the API reports contain. */
async function readPublicNames(): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const file of glob('packages/*/api/*.api.md', { cwd: root })) {
    const report = await readFile(join(root, file), 'utf8');
    for (const [, name] of report.matchAll(/^export interface (\w+)/gm)) if (name) names.add(name);
  }
  return names;
}

const statesDefault = (docstring: string) => /\bDefault\b|\bWithout (it|this)\b/.test(docstring);

/** Lists optional members without a stated default, as `Interface.member`. */
function findUnstated(text: string, isPublic: (name: string) => boolean): string[] {
  const source = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  return source.statements
    .filter(ts.isInterfaceDeclaration)
    .filter(({ name }) => /(Options|Settings|Config|Requirements)$/.test(name.text) && isPublic(name.text))
    .flatMap(({ name, members }) =>
      members
        .filter((member) => member.questionToken)
        .filter((member) => !statesDefault(member.getFullText(source)))
        .map((member) => `${name.text}.${member.name?.getText(source)}`),
    );
}

test('each optional member of public options states its default', async () => {
  const names = await readPublicNames();
  expect(names.size).toBeGreaterThan(50);
  const unstated: string[] = [];
  for (const file of sources) {
    const text = readFileSync(join(root, file), 'utf8');
    unstated.push(...findUnstated(text, (name) => names.has(name)).map((name) => `${file}: ${name}`));
  }
  expect(unstated).toEqual([]);
});

test('finds a member without a default', () => {
  const text = `export interface AOptions {
    /** What it does. */
    readonly a?: string;
    /** What it does. Default: none. */
    readonly b?: string;
    readonly c: string;
  }
  export interface CookieSettings {
    /** What it does. */
    readonly d?: string;
  }`;
  expect(findUnstated(text, () => true)).toEqual(['AOptions.a', 'CookieSettings.d']);
  expect(findUnstated(text, () => false)).toEqual([]);
});
