import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';
import { findModuleState, hasModifier } from '../support/module-state.ts';
import { parseSource, sources } from '../support/sources.ts';

// The table "State at module level" of docs/architecture.md: file, names, and three columns that describe them.

const page = 'docs/architecture.md';

function readTable(): readonly string[] {
  const section = readFileSync(root + page, 'utf8')
    .split('## State at module level\n')[1]
    ?.split('\n## ')[0];
  return (section ?? '').split('\n').flatMap((line) => {
    const [, file = '', names = '', ...description] = line.split('|').map((cell) => cell.trim());
    const target = /\]\(([^)]+)\)/.exec(file)?.[1];
    if (target === undefined) return [];
    expect(
      description.slice(0, 3).every((cell) => cell !== ''),
      line,
    ).toBe(true);
    const path = join(dirname(page), target);
    return [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => `${path}: ${name}`);
  });
}

const isStateFile = (file: string) => /^packages\/[^/]+\/src\/module-state\.ts$/.test(file);

test('docs/architecture.md lists all mutable state at module level of the packages', () => {
  const states = sources
    .filter((file) => !isStateFile(file))
    .flatMap((file) => findModuleState(readFileSync(root + file, 'utf8')).map((name) => `${file}: ${name}`));
  expect(readTable().toSorted()).toEqual(states.toSorted());
});

test('each module-state.ts is in the table, and describes each constant', () => {
  const files = sources.filter(isStateFile);
  expect(files).not.toEqual([]);
  const text = readFileSync(root + page, 'utf8');
  expect(files.filter((file) => !text.includes(`](../${file}) |`))).toEqual([]);
  const undescribed = files.flatMap((file) =>
    parseSource(readFileSync(root + file, 'utf8'))
      .statements.filter(ts.isVariableStatement)
      .filter((statement) => hasModifier(statement, ts.SyntaxKind.ExportKeyword))
      .filter((statement) => ts.getJSDocCommentsAndTags(statement).length === 0)
      .map((statement) => `${file}: ${statement.getText()}`),
  );
  expect(undescribed).toEqual([]);
});

test.each([
  ['a variable', 'let state = 0;'],
  ['a variable that is exported', 'export let state: string | undefined;'],
  ['a weak collection', 'const state = new WeakMap<object, string>();'],
  ['a buffer', 'const state = Buffer.alloc(12);'],
  ['an array of bytes', 'const state = new Uint8Array(12);'],
  ['a collection that other files can change', 'export const state = new Map<string, string>();'],
  ['a collection that a function changes', 'const state = new Set(); const add = () => state.add(1);'],
  ['an array that a function changes', 'const state: string[] = []; const add = () => { state.push("a"); };'],
  [
    'an object that a function changes',
    'const state = { count: 0 }; const add = () => { state.count += 1; };',
  ],
  ['a member that a function increments', 'const state = [0]; const add = () => state[0]++;'],
  ['a member that a function removes', 'const state = { a: 1 }; const drop = () => delete state.a;'],
  [
    'an object that a function extends',
    'const state = {}; const add = () => Object.assign(state, { a: 1 });',
  ],
  ['a part of an object', 'let { state } = read();'],
  [
    'a symbol on the global object',
    `const key = Symbol.for('state'); (globalThis as { [key]?: 1 })[key] = 1;`,
  ],
  ['a name on the global object', 'globalThis.state = 1;'],
])('finds %s', (_, code) => {
  expect(findModuleState(code)).toEqual(['state']);
});

test.each([
  ['a mutable one', 'static cache?: string;'],
  ['a collection', 'static readonly cache = new Map<string, string>();'],
])('finds a static property of a class: %s', (_, property) => {
  expect(findModuleState(`export class Reader { ${property} }`)).toEqual(['Reader.cache']);
});

test.each([
  ['a set of constants', "const names = new Set(['a']); const has = (name: string) => names.has(name);"],
  ['a set that is exported as read-only', "export const names: ReadonlySet<string> = new Set(['a']);"],
  ['a constant', "export const name = 'a';"],
  ['a list of constants', "export const names = ['a'] as const;"],
  [
    'state of an instance',
    'const create = () => { const state = new Map(); return (a: 1) => state.set(a, a); };',
  ],
  ['a local variable', 'function read() { let count = 0; count += 1; return count; }'],
  [
    'a local value with the name of a constant',
    'const names = { a: 1 }; function copy() { const names: string[] = []; names.push("a"); return names; }',
  ],
  [
    'a parameter with the name of a constant',
    'const names = []; const add = (names: Set<1>) => names.add(1);',
  ],
  ['a constant alias of the global object', 'const state = globalThis as object; state.a ??= 1;'],
  [
    'a key of metadata',
    "const key = Symbol.for('key'); const add = (to: object) => Reflect.defineMetadata(key, 1, to);",
  ],
  ['a variable of another script', 'declare let ngDevMode: boolean;'],
])('permits %s', (_, code) => {
  expect(findModuleState(code)).toEqual([]);
});
