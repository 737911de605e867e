import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';
import { findLines, sources } from '../support/sources.ts';

/** Files that may read or compare the names of classes and values, how often, and why. */
const exceptions: Record<string, { readonly uses: number; readonly why: string }> = {
  'packages/angular/src/config/load-config.ts': {
    uses: 1,
    why: 'the name of a DOMException is a text that the platform sets',
  },
  'packages/core/src/browser/login/silent/silent-frame.ts': { uses: 1, why: 'the name of a window' },
  'packages/core/src/client/wire/validate-access-token.ts': {
    uses: 1,
    why: 'the name of an error of core is a text that its constructor sets',
  },
  'packages/core/src/internal/check-options.ts': {
    uses: 2,
    why: 'describes a value in a message, without a decision',
  },
  'packages/nest/src/errors/exceptions.ts': {
    uses: 1,
    why: 'the name of a GraphQLError is a text that its constructor sets',
  },
  'packages/nest/src/errors/unexpected-errors.ts': {
    uses: 1,
    why: 'describes a handler in a log line, without a decision',
  },
};

const equality: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);

/** Finds the lines that read the name of a constructor, or compare a name with the name of a class. */
const findNameComparisons = (code: string): number[] => [
  ...new Set(
    findLines(code, (node) => isConstructorName(node) || isNameComparison(node) || isNameLookup(node)),
  ),
];

/** The property that an expression reads: `a.name`, `a?.name` and `a['name']`. */
function findProperty(node: ts.Node): { readonly object: ts.Node; readonly name: string } | undefined {
  const inner = unwrap(node);
  if (ts.isPropertyAccessExpression(inner))
    return { object: unwrap(inner.expression), name: inner.name.text };
  if (!ts.isElementAccessExpression(inner) || !ts.isStringLiteralLike(inner.argumentExpression))
    return undefined;
  return { object: unwrap(inner.expression), name: inner.argumentExpression.text };
}

function unwrap(node: ts.Node): ts.Node {
  return ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node)
    ? unwrap(node.expression)
    : node;
}

function isConstructorName(node: ts.Node): boolean {
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return false;
  const property = findProperty(node);
  return property?.name === 'name' && findProperty(property.object)?.name === 'constructor';
}

/** Matches `value.name === other`, and `name === 'ClassName'` with a variable. */
function isNameComparison(node: ts.Node): boolean {
  if (ts.isSwitchStatement(node)) return isName(node.expression);
  if (!ts.isBinaryExpression(node) || !equality.has(node.operatorToken.kind)) return false;
  const sides = [node.left, node.right].map(unwrap);
  // A test whether there is a name does not depend on the name.
  if (sides.some((side) => ts.isIdentifier(side) && side.text === 'undefined')) return false;
  if (sides.some((side) => findProperty(side)?.name === 'name')) return true;
  return sides.some(isName) && sides.some((side) => ts.isStringLiteralLike(side) && isClassName(side.text));
}

/** Matches `names.includes(value.name)` and `names.has(value.name)`. */
function isNameLookup(node: ts.Node): boolean {
  if (!ts.isCallExpression(node)) return false;
  const called = findProperty(node.expression)?.name;
  const [argument] = node.arguments;
  return (
    (called === 'includes' || called === 'has') &&
    argument !== undefined &&
    isName(argument) &&
    findProperty(argument) !== undefined
  );
}

const isName = (node: ts.Node): boolean => {
  const inner = unwrap(node);
  return (ts.isIdentifier(inner) && inner.text === 'name') || findProperty(inner)?.name === 'name';
};
const isClassName = (text: string): boolean => /^[A-Z][a-z]+[A-Z]?\w*$/.test(text);

describe('bundlers rename classes, so that no code decides by the name of a class', () => {
  test('only the listed files read or compare names', () => {
    const comparisons = Object.fromEntries(
      sources
        .map((file) => [file, findNameComparisons(readFileSync(root + file, 'utf8')).length] as const)
        .filter(([, uses]) => uses > 0),
    );
    const expected = Object.fromEntries(Object.entries(exceptions).map(([file, { uses }]) => [file, uses]));
    expect(sources.length).toBeGreaterThan(200);
    expect(comparisons).toEqual(expected);
  });

  test.each([
    "prototype.constructor.name === 'CacheInterceptor'",
    'const name = value?.constructor?.name;',
    "value['constructor']['name']",
    '(token as { name?: string }).name === providers.schemaHost',
    "'GraphQLSchemaHost' !== type['name']",
    "const { name } = type; if (name === 'GraphQLSchemaHost') {}",
    "switch (type.name) { case 'GraphQLSchemaHost': }",
    'known.has(type.name)',
    "['CacheInterceptor'].includes(type!.name)",
  ])('finds %s', (code) => {
    expect(findNameComparisons(code)).toEqual([1]);
  });

  test.each([
    'type === GraphQLSchemaHost',
    'value instanceof CacheInterceptor',
    'type.name !== undefined',
    "name === 'typ'",
    "'class ' + type.name",
    'fields.has(name)',
  ])('does not find %s', (code) => {
    expect(findNameComparisons(code)).toEqual([]);
  });
});
