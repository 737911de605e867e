import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';
import { findLines, sources } from '../support/sources.ts';

// Rules of the section "Style" in CONTRIBUTING.md, for the sources of the packages. `language.test.ts` has those of "Language".

/** Finds functions with several parameters of which one is a boolean. */
const findPositionalBooleans = (code: string) =>
  findLines(code, (node) => {
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

/** Finds messages such as `X must be Y, got Z` and `X expects Y, and found Z`. */
const findOtherMessages = (code: string) =>
  findLines(
    code,
    (node) =>
      (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) &&
      /, (and )?(got|found one|returned)\b|^.?[\w.${}]+ must (be|have|contain)\b/.test(node.getText()),
  );

describe('each source file', () => {
  // About 300: a few more are better than a division at the wrong place.
  test('has at most about 300 lines', () => {
    const long = sources.filter((file) => readFileSync(root + file, 'utf8').split('\n').length > 320);
    expect(long).toEqual([]);
  });

  // The form of a message is: "option" is VALUE, expected VALUES.
  test('states in messages what was found before what was expected', () => {
    const lines = sources.flatMap((file) =>
      findOtherMessages(readFileSync(root + file, 'utf8')).map((line) => `${file}:${line}`),
    );
    expect(lines, 'Write: "option" is VALUE, expected VALUES.').toEqual([]);
  });

  test('has no positional boolean', () => {
    const lines = sources.flatMap((file) =>
      findPositionalBooleans(readFileSync(root + file, 'utf8')).map((line) => `${file}:${line}`),
    );
    expect(lines, 'Pass the boolean in an options object').toEqual([]);
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
  "const message = 'timeout must be a number';",
  'const message = `timeout has the wrong type, got a text`;',
  'const message = `@Policy() expects one provider, and found one in each module`;',
])('finds the message in: %s', (code) => {
  expect(findOtherMessages(code)).toEqual([1]);
});

test('permits a message that states the value first', () => {
  expect(findOtherMessages('const message = `"timeout" is a text, expected a number.`;')).toEqual([]);
});

test.each([
  'function read(name: string, { force }: { readonly force: boolean }) {}',
  'function resolve(isValid: boolean) {}',
  'function check(isValid: boolean, name: string): asserts isValid {}',
  'interface Socket { close(code: number, force: boolean): void }',
])('permits: %s', (code) => {
  expect(findPositionalBooleans(code)).toEqual([]);
});
