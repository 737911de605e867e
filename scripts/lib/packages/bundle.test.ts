import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { root } from '../processes/process.ts';

/** Bundles a source entry as a browser application does, without any module of Node. */
const bundle = (code: string) =>
  build({
    stdin: { contents: code, resolveDir: `${root}/packages/nest` },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['@countersign/source', 'browser', 'import'],
    logLevel: 'silent',
  });

describe('bundles for browsers without modules of Node', () => {
  test.each(['@countersign/testing', '@countersign/core', '@countersign/core/browser'])(
    '%s',
    async (entry) => {
      const { outputFiles } = await bundle(`export * from '${entry}';`);
      expect(outputFiles[0]?.text).not.toMatch(/from\s*["']node:/);
    },
  );

  test('the check finds an import of Node', async () => {
    await expect(bundle(`import { createServer } from 'node:http'; createServer();`)).rejects.toThrow(
      'node:http',
    );
  });
});
