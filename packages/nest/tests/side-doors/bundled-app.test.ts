import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BuildOptions } from 'esbuild';
import { afterAll, describe, expect, test } from 'vitest';
import { bundleProgram } from '../support/bundle-program.ts';

const directory = mkdtempSync(join(tmpdir(), 'nest-bundle-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Optional packages of NestJS and GraphQL, which the application does not use. */
const optional = [
  '@apollo/gateway',
  '@as-integrations/fastify',
  '@fastify/static',
  '@fastify/view',
  '@nestjs/microservices',
  '@nestjs/platform-fastify',
  '@nestjs/websockets',
  '@yaacovcr/transform',
  'bufferutil',
  'class-transformer',
  'class-validator',
  'fsevents',
  'mercurius',
  'subscriptions-transport-ws',
  'ts-morph',
  'utf-8-validate',
];

/** Node's values of CommonJS, which some of the bundled packages use. */
const banner = `
import { createRequire as createRequireOfNode } from 'node:module';
const require = createRequireOfNode(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;
`;

/** Bundles the application and its packages into one file, as for a serverless function, and runs it. */
async function runBundle(options: BuildOptions): Promise<Record<string, unknown>> {
  const file = join(directory, `minify-${options.minify}.mjs`);
  await bundleProgram({
    entryPoints: [join(import.meta.dirname, '../support/bundled-app.ts')],
    outfile: file,
    banner: { js: banner },
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
    external: optional.flatMap((each) => [each, `${each}/*`]),
    logLevel: 'silent',
    ...options,
  });
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  // Other packages write to the standard output too.
  return JSON.parse(stdout.split('\n').at(-1) ?? '') as Record<string, unknown>;
}

describe('an application that esbuild has bundled, which renames classes of packages', () => {
  test.each([
    ['without minification', { minify: false }],
    ['minified', { minify: true }],
  ] as const)(
    'N10, N14, N24: has the guards of its schema and the check of caches: %s',
    // A bundle takes longer than the start of an application.
    { timeout: 120_000 },
    async (_, options) => {
      const { isRenamed, ...results } = await runBundle(options);
      expect(isRenamed).toBe(true);
      expect(results).toEqual({
        graphql: {
          public: { item: { id: '1' } },
          field: ['An access token is required'],
          fieldWithoutScope: [expect.stringContaining('scope')],
          fieldWithScope: { item: { secret: 'secret of a field' } },
          reference: ['An access token is required'],
          referenceWithScope: { _entities: [{ id: '7' }] },
        },
        cache: 'shared_cache',
      });
    },
  );
});
