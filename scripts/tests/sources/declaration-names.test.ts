import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';
import { parseSource, sources } from '../support/sources.ts';

// No two things of a package have one name. Values that only one file uses, such as `maxEntries`, may repeat.

/** The names with two declarations of one thing, and why. */
const permitted: Readonly<Record<string, string>> = {
  // The browser client has its own code for the wire (decision 0006). Each name is the same operation of both clients.
  'core createAuthorizationRequest': 'browser client and server client',
  'core exchangeCode': 'browser client and server client',
  'core fetchMetadata': 'browser client, its worker and the server client',
  'core fetchUserinfo': 'browser client and server client',
  'core reportFailure': 'browser client and sessions: both write the failure of a route or call to the log',
  'core reportIncompleteLogout': 'browser client and server client',
  'core validateAuthorizationResponse': 'browser client and server client',
  // One implementation for each platform, imported as `#platform`.
  'core AesKey': 'platforms',
  'core decryptParts': 'platforms',
  'core deriveBytes': 'platforms',
  'core encryptParts': 'platforms',
  'core importAesKey': 'platforms',
  'core importVerificationKey': 'platforms',
  'core sha256': 'platforms',
  'core verifySignature': 'platforms',
};

interface Declaration {
  readonly file: string;
  readonly isExported: boolean;
  readonly isType: boolean;
}

/** Lists the declarations at module level. An overload is a declaration of the same file, so it counts once. */
function* listDeclarations(file: string, code: string): Iterable<readonly [name: string, Declaration]> {
  for (const statement of parseSource(code).statements) {
    const isExported = ts.canHaveModifiers(statement)
      ? ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true
      : false;
    const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
    const isNamed = isType || ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
    const declarations = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations
      : isNamed
        ? [statement]
        : [];
    for (const { name } of declarations)
      if (name && ts.isIdentifier(name)) yield [name.text, { file, isExported, isType }];
  }
}

/** Finds the names of several files of a package: exported ones, and types. */
function findRepeatedNames(files: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> {
  const declarations = new Map<string, Declaration[]>();
  for (const [file, code] of Object.entries(files)) {
    const [, packageName] = file.split('/');
    for (const [name, declaration] of listDeclarations(file, code)) {
      const key = `${packageName} ${name}`;
      declarations.set(key, [...(declarations.get(key) ?? []), declaration]);
    }
  }
  const repeated = new Map<string, readonly string[]>();
  for (const [name, all] of declarations) {
    const declaringFiles = [...new Set(all.map(({ file }) => file))];
    const isShared = all.some(({ isExported }) => isExported) || all.every(({ isType }) => isType);
    if (declaringFiles.length > 1 && isShared) repeated.set(name, declaringFiles);
  }
  return repeated;
}

test('no two things of a package have one name', { timeout: 120_000 }, () => {
  const repeated = findRepeatedNames(
    Object.fromEntries(
      sources
        .filter((file) => !file.endsWith('.d.ts'))
        .map((file) => [file, readFileSync(root + file, 'utf8')]),
    ),
  );
  const unexplained = [...repeated].filter(([name]) => !Object.hasOwn(permitted, name));
  expect(Object.fromEntries(unexplained), 'Rename one of them').toEqual({});
  expect([...repeated.keys()].sort()).toEqual(Object.keys(permitted).sort());
});

test.each([
  ['two exported functions', 'export function read() {}', 'export const read = 1;'],
  ['an exported and a private function', 'export function read() {}', 'function read() {}'],
  ['two private types', 'interface Part {}', 'type Part = string;'],
])('finds %s', (_, first, second) => {
  const files = { 'packages/core/src/a.ts': first, 'packages/core/src/b.ts': second };
  expect([...findRepeatedNames(files).values()]).toEqual([Object.keys(files)]);
  const ofTwoPackages = { 'packages/core/src/a.ts': first, 'packages/nest/src/b.ts': second };
  expect(findRepeatedNames(ofTwoPackages).size).toBe(0);
});

test.each([
  ['private values of two files', 'const limit = 1;', 'const limit = 2;'],
  ['names inside functions', 'export function a() { const read = 1; }', 'export const read = 1;'],
  ['a value that is exported again', "export { read } from './b.ts';", 'export const read = 1;'],
])('permits %s', (_, first, second) => {
  expect(findRepeatedNames({ 'packages/core/src/a.ts': first, 'packages/core/src/b.ts': second }).size).toBe(
    0,
  );
});

test('permits overloads', () => {
  const code = 'export function a(x: string): void; export function a(x: unknown) {}';
  expect(findRepeatedNames({ 'packages/core/src/a.ts': code }).size).toBe(0);
});
