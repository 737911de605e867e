import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProjectInlineConfiguration } from 'vitest/config';

const root = import.meta.dirname;

export interface ProjectOptions {
  /** Export conditions. Default: none of ours, so that an app uses the built packages as its users do. */
  readonly conditions?: string[];
  readonly alias?: { find: RegExp; replacement: string }[];
  /** Legacy decorators with metadata, for Nest and Angular. */
  readonly decorators?: boolean;
  readonly plugins?: TestProjectInlineConfiguration['plugins'];
  readonly test?: TestProjectInlineConfiguration['test'];
}

export function createProject(
  name: string,
  folder: string,
  { conditions, alias = [], decorators = false, plugins, test }: ProjectOptions = {},
): TestProjectInlineConfiguration {
  const directory = join(root, folder);
  const setup = join(directory, 'test-setup.ts');
  return {
    root: directory,
    ...(plugins && { plugins }),
    resolve: { alias, ...(conditions && { conditions }) },
    ...(conditions && { ssr: { resolve: { conditions } } }),
    ...(decorators && { oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } } }),
    test: {
      name,
      environment: 'node',
      // These tests start real servers, and the machine may be busy.
      testTimeout: 60_000,
      include: ['**/*.test.ts', '**/*.test.tsx'],
      setupFiles: existsSync(setup) ? [setup] : [],
      ...test,
      exclude: [
        '**/node_modules/**',
        '**/dist/**',
        '**/.next/**',
        '**/.angular/**',
        ...(test?.exclude ?? []),
      ],
    },
  };
}
