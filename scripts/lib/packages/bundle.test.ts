import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { optionalFeatures, serverOnly } from '../../size-budgets.ts';
import { root } from '../processes/process.ts';
import { markAngularClasses } from './bundle.ts';

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

test('an unused class of a library for Angular is removed, as in builds of Angular', async () => {
  const library = markAngularClasses(`
import * as i0 from '@angular/core';
var Unused = class Unused {
	static {
		this.ɵdir = i0.ɵɵngDeclareDirective({ type: Unused });
	}
};
i0.ɵɵngDeclareClassMetadata({
	type: Unused,
	decorators: [{ type: i0.Directive }]
});
export const used = 'used';`);
  const { outputFiles } = await build({
    stdin: { contents: library },
    bundle: true,
    write: false,
    format: 'esm',
    treeShaking: true,
    external: ['@angular/core'],
  });
  expect(outputFiles[0]?.text).toContain('used');
  expect(outputFiles[0]?.text).not.toMatch(/Unused|ngDeclare/);
});

describe('the strings by which the size check recognizes code exist', () => {
  test('of each optional feature, in the complete browser entry', async () => {
    const { outputFiles } = await bundle("export * from '@countersign/core/browser';");
    const code = outputFiles[0]?.text ?? '';
    expect(Object.values(optionalFeatures).filter((word) => !code.includes(word))).toEqual([]);
    expect(code).not.toContain('A256GCM');
  });

  test('of server code, in the server entries', async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: "export * from '@countersign/core/session'; export * from '@countersign/core';",
        resolveDir: `${root}/packages/nest`,
      },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      conditions: ['@countersign/source', 'node', 'import'],
      logLevel: 'silent',
    });
    const code = outputFiles[0]?.text ?? '';
    expect(serverOnly.filter((word) => !code.includes(word))).toEqual([]);
  });
});
