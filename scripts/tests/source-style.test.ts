import { globSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { root } from '../lib/process.ts';

// Rules of the section "Style" in CONTRIBUTING.md, for the sources of the packages.

const sources = globSync('packages/*/{src,testing,worker,rxjs-interop}/**/*.{ts,tsx}', { cwd: root }).filter(
  (file) => !/\.(test|test-d|spec)\.tsx?$|node_modules/.test(file),
);

const parse = (code: string) =>
  ts.createSourceFile('file.tsx', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);

function findLines(source: ts.SourceFile, matches: (node: ts.Node) => boolean): number[] {
  const lines: number[] = [];
  const visit = (node: ts.Node): void => {
    if (matches(node)) lines.push(source.getLineAndCharacterOfPosition(node.getStart()).line + 1);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return lines;
}

/** Finds functions with several parameters of which one is a boolean. */
const findPositionalBooleans = (code: string) =>
  findLines(parse(code), (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || !node.body || node.parameters.length < 2)
      return false;
    // `asserts condition` needs the condition as a parameter.
    if (node.type && ts.isTypePredicateNode(node.type)) return false;
    return node.parameters.some(isBoolean);
  });

function isBoolean({ type, initializer }: ts.ParameterDeclaration): boolean {
  const types = type && ts.isUnionTypeNode(type) ? type.types : [type];
  return (
    types.some((each) => each?.kind === ts.SyntaxKind.BooleanKeyword) ||
    initializer?.kind === ts.SyntaxKind.TrueKeyword ||
    initializer?.kind === ts.SyntaxKind.FalseKeyword
  );
}

describe('each source file', () => {
  // About 300: a few more are better than a division at the wrong place.
  test('has at most about 300 lines', () => {
    const long = sources.filter((file) => readFileSync(file, 'utf8').split('\n').length > 320);
    expect(long).toEqual([]);
  });

  test('has no positional boolean', () => {
    const found = sources.flatMap((file) =>
      findPositionalBooleans(readFileSync(file, 'utf8')).map((line) => `${file}:${line}`),
    );
    expect(found, 'Pass the boolean in an options object').toEqual([]);
  });
});

test.each([
  'function read(name: string, force: boolean) {}',
  'function read(name: string, force = false) {}',
  'const read = (name: string, force?: boolean) => name;',
  'const read = function (force: boolean | undefined, name: string) {};',
  'class Reader { read(name: string, force: boolean) {} }',
  'class Reader { constructor(readonly name: string, readonly force: boolean) {} }',
  'const reader = { read(name: string, force: boolean) {} };',
])('finds the positional boolean in: %s', (code) => {
  expect(findPositionalBooleans(code)).toEqual([1]);
});

test.each([
  'function read(name: string, { force }: { readonly force: boolean }) {}',
  'function resolve(isValid: boolean) {}',
  'function check(isValid: boolean, name: string): asserts isValid {}',
  'interface Socket { close(code: number, force: boolean): void }',
])('permits: %s', (code) => {
  expect(findPositionalBooleans(code)).toEqual([]);
});
