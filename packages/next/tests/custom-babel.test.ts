import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

// An application with a custom Babel configuration compiles all packages with the Babel of Next.js, whose preset is this.

const root = join(import.meta.dirname, '../../..');
const require = createRequire(import.meta.url);
const babel = require('next/dist/compiled/babel/core') as {
  transformSync: (code: string, options: object) => { code: string };
};
const { default: preset } = require('next/dist/build/babel/preset') as { default: unknown };

function compile(file: string, code: string): string {
  const caller = { name: 'next-babel-turbo-loader', supportsStaticESM: true, hasJsxRuntime: true };
  return babel.transformSync(code, {
    filename: file,
    babelrc: false,
    configFile: false,
    presets: [[preset, { 'preset-typescript': { allowDeclareFields: true } }]],
    caller: { ...caller, isServer: false, isDev: false },
  }).code;
}

const sources = globSync(
  'packages/{core/src/{errors,internal,protocol,tokens,browser},next/src}/**/*.{ts,tsx}',
  { cwd: root, exclude: ['**/*.test.*'] },
);

test('the Babel of Next.js compiles each source for browsers', () => {
  expect(sources.length).toBeGreaterThan(100);
  const problems = sources.flatMap((file) => {
    try {
      compile(file, readFileSync(join(root, file), 'utf8'));
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
  expect(problems).toEqual([]);
}, 120_000);

describe('the path of each entry', () => {
  const loader = join(dirname(require.resolve('next/package.json')), 'dist/build/babel/loader/get-config.js');
  const [, pattern = ''] = /nextDistPath = \/(.*)\/;/.exec(readFileSync(loader, 'utf8')) ?? [];
  const { exports } = require('@countersign/next/package.json') as {
    exports: Record<string, string | { default: string }>;
  };
  const files = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.default]));

  test('Next.js recognizes its own files, which it compiles to CommonJS, by their path', () => {
    expect('/app/node_modules/next/dist/client/link.js').toMatch(new RegExp(pattern));
  });

  test.each(files)('%s is not taken for a file of Next.js', (file) => {
    expect(join('/app/node_modules/@countersign/next', file)).not.toMatch(new RegExp(pattern));
  });
});
