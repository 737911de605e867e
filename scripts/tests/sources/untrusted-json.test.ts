import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';
import { findLines, sources } from '../support/sources.ts';

/** Files that may parse JSON directly, how often, and why. All other files use core's `parseUntrustedJson`. */
const exceptions: Record<string, { readonly uses: number; readonly why: string }> = {
  'packages/core/src/internal/json/untrusted-json.ts': { uses: 1, why: 'the parser itself, after its scan' },
  'packages/core/src/internal/json/escaped-names.ts': {
    uses: 1,
    why: 'part of the parser, on text that it has checked',
  },
  'packages/core/src/internal/json/repeated-members.ts': {
    uses: 2,
    why: 'part of the parser: one name and one scalar of checked text',
  },
  'packages/core/src/internal/json/top-level-strings.ts': { uses: 1, why: 'one string of a rejected text' },
  'packages/testing/src/wire/bounded-json.ts': {
    uses: 1,
    why: 'the parser of the test server, which must not share a fault with core (decision 0018)',
  },
};

/** Finds the lines of each use of `JSON` except `JSON.stringify`, and of each call of a `json()` method. */
const findParserCalls = (code: string): number[] =>
  findLines(code, (node) => isUseOfJson(node) || isCallOfJson(node));

function isUseOfJson(node: ts.Node): boolean {
  if (!ts.isIdentifier(node) || node.text !== 'JSON') return false;
  const { parent } = node;
  return !(ts.isPropertyAccessExpression(parent) && parent.name.text === 'stringify');
}

/** Matches `response.json()` and `response['json']()`, not a function of that name. */
function isCallOfJson(node: ts.Node): boolean {
  if (!ts.isCallExpression(node) || node.arguments.length > 0) return false;
  const { expression } = node;
  if (ts.isPropertyAccessExpression(expression)) return expression.name.text === 'json';
  return (
    ts.isElementAccessExpression(expression) &&
    ts.isStringLiteralLike(expression.argumentExpression) &&
    expression.argumentExpression.text === 'json'
  );
}

describe('untrusted JSON is parsed by one parser', () => {
  test('only the listed files parse JSON', () => {
    const calls = Object.fromEntries(
      sources
        .map((file) => [file, findParserCalls(readFileSync(root + file, 'utf8'))] as const)
        .filter(([, lines]) => lines.length > 0)
        .map(([file, lines]) => [file, lines.length]),
    );
    const expected = Object.fromEntries(Object.entries(exceptions).map(([file, { uses }]) => [file, uses]));
    expect(sources.length).toBeGreaterThan(200);
    expect(calls).toEqual(expected);
  });

  test.each([
    'JSON.parse(text)',
    'JSON . parse (text)',
    "JSON['parse'](text)",
    'const { parse } = JSON; parse(text);',
    'const parse = JSON.parse;',
    'globalThis.JSON.parse(text)',
    'await response.json()',
    'response.clone().json().catch(() => undefined)',
    'await response?.json()',
    "response['json']()",
  ])('finds %s', (code) => {
    expect(findParserCalls(code)).toEqual([1]);
  });

  test.each(['JSON.stringify(value)', "// JSON.parse(text)\n'JSON.parse(text)'", 'json(value)'])(
    'ignores %s',
    (code) => {
      expect(findParserCalls(code)).toEqual([]);
    },
  );
});
