import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestProjectInlineConfiguration } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));

const sources: Record<string, string> = {
  '@countersign/core': 'packages/core/src/index.ts',
  '@countersign/core/browser': 'packages/core/src/browser/index.ts',
  '@countersign/core/worker': 'packages/core/src/browser/worker/index.ts',
  '@countersign/core/session': 'packages/core/src/session/index.ts',
  '@countersign/core/session/adapter': 'packages/core/src/session/adapter.ts',
  '@countersign/core/resource-server': 'packages/core/src/resource-server/index.ts',
  '@countersign/core/node': 'packages/core/src/node/index.ts',
  '@countersign/next': 'packages/next/src/index.ts',
  '@countersign/next/client': 'packages/next/src/client/index.tsx',
  '@countersign/next/testing': 'packages/next/src/testing/index.ts',
  '@countersign/nest': 'packages/nest/src/index.ts',
  '@countersign/nest/testing': 'packages/nest/src/testing/index.ts',
  '@countersign/angular': 'packages/angular/src/index.ts',
  '@countersign/angular/rxjs-interop': 'packages/angular/rxjs-interop/index.ts',
  '@countersign/angular/testing': 'packages/angular/testing/index.ts',
  '@countersign/angular/worker': 'packages/angular/worker/index.ts',
  '@countersign/redis': 'packages/redis/src/index.ts',
  '@countersign/testing': 'packages/testing/src/index.ts',
  '@countersign/testing/contracts': 'packages/testing/src/contracts/index.ts',
  '#platform': 'packages/core/src/internal/platform/node.ts',
};

/** Tests inside a package read sources, so that no build stands between an edit and its test. */
export const sourceAliases = Object.entries(sources).map(([name, path]) => ({
  find: new RegExp(`^${name}$`),
  replacement: root + path,
}));

export interface ProjectOptions {
  /** `sources` for a package; `built` for an app, which gets what a user would install. */
  readonly packages: 'sources' | 'built';
  /** Legacy decorators with metadata, for Nest and Angular. */
  readonly decorators?: boolean;
  readonly include?: string[];
  readonly exclude?: string[];
}

export function project(
  name: string,
  directory: string,
  options: ProjectOptions,
): TestProjectInlineConfiguration {
  const setup = `${root}${directory}/test-setup.ts`;
  return {
    root: root + directory,
    resolve: { alias: options.packages === 'sources' ? sourceAliases : [] },
    ...(options.decorators && { oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } } }),
    test: {
      name,
      environment: 'node',
      // Real servers start in these tests, and the machine may be busy.
      testTimeout: 20_000,
      include: options.include ?? ['**/*.test.ts', '**/*.test.tsx'],
      exclude: [
        '**/node_modules/**',
        '**/dist/**',
        '**/.next/**',
        '**/.angular/**',
        ...(options.exclude ?? []),
      ],
      setupFiles: existsSync(setup) ? [setup] : [],
    },
  };
}
