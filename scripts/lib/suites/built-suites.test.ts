import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../processes/process.ts';
import { builtPackages, findBuiltSuites, redirectToBuild } from './built-suites.ts';

const suite = join(root, 'packages/core/tests/attacks/example.test.ts');

describe('redirectToBuild', () => {
  test('redirects an import of an entry to its built file', () => {
    const code = "import { createClient } from '../../src/index.ts';";
    expect(redirectToBuild.transform(code, suite)).toContain(
      `'${join(root, 'packages/core/dist/index.js')}'`,
    );
  });

  test('redirects an import of a source file whose names an entry exports', () => {
    const code = "import { createMemoryLock } from '../../src/tokens/stores/refresh-lock.ts';";
    expect(redirectToBuild.transform(code, suite)).toContain(
      `'${join(root, 'packages/core/dist/index.js')}'`,
    );
  });

  test('rejects a source file of a package', () => {
    expect(() => redirectToBuild.transform('', join(root, 'packages/core/src/index.ts'))).toThrow(
      'packages/core/src/index.ts is imported from its source, expected from dist/.',
    );
  });
});

test.each(builtPackages)('finds the threat suites of %s', (name) => {
  const { suites, omitted } = findBuiltSuites(name);
  expect(suites.length).toBeGreaterThan(name === 'core' || name === 'nest' ? 30 : 0);
  expect(omitted.filter(({ internals }) => internals.length === 0)).toEqual([]);
});
