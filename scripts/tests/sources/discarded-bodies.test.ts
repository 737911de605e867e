import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';
import { findLines, sources } from '../support/sources.ts';

// The cancellation of one branch of a cloned body settles only after the other branch was read or cancelled (S60 in
// docs/threats.md). Code that cancels a body must not wait for it, and must handle its rejection.

/** The only file that cancels bodies. */
const discardBody = 'packages/core/src/internal/fetch/discard-body.ts';

/** Finds the lines of each use of a member `cancel`, except where an object defines it. */
const findCancellations = (code: string): number[] =>
  findLines(code, (node) => {
    if (ts.isPropertyAccessExpression(node)) return node.name.text === 'cancel';
    if (ts.isElementAccessExpression(node))
      return ts.isStringLiteralLike(node.argumentExpression) && node.argumentExpression.text === 'cancel';
    return ts.isBindingElement(node) && (node.propertyName ?? node.name).getText() === 'cancel';
  });

describe('a discarded body is cancelled by discardBody()', () => {
  test('no other source cancels a body', () => {
    const files = sources.filter((file) => findCancellations(readFileSync(root + file, 'utf8')).length > 0);
    expect(sources.length).toBeGreaterThan(200);
    expect(files).toEqual([discardBody]);
  });

  test.each([
    'await response.body?.cancel()',
    'await reader.cancel(reason)',
    "await response.body['cancel']()",
    'void Promise.all([response.body.cancel()])',
    'const stop = reader.cancel.bind(reader)',
    'const { cancel } = response.body',
    'const { cancel: stop } = response.body',
  ])('finds %s', (code) => {
    expect(findCancellations(code)).toEqual([1]);
  });

  test.each(['discardBody(response.body)', 'new ReadableStream({ cancel() {} })', '// await body.cancel()'])(
    'ignores %s',
    (code) => {
      expect(findCancellations(code)).toEqual([]);
    },
  );
});
