import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { builtPackages, findBuiltSuites, redirectToBuild } from './scripts/lib/suites/built-suites.ts';
import { createProject } from './vitest.shared.ts';

/** Core's manifest cannot name the testing package, which depends on core (docs/decisions/0004). */
const testingPackage = [
  {
    find: /^@countersign\/testing$/,
    replacement: join(import.meta.dirname, 'packages/testing/dist/index.js'),
  },
];

const decorated: readonly string[] = ['nest', 'angular'];

export default defineConfig({
  test: {
    passWithNoTests: false,
    // Tests wait for servers and browsers. The default leaves one processor idle.
    maxWorkers: '100%',
    projects: builtPackages.map((name) =>
      createProject(`${name}-built`, `packages/${name}`, {
        alias: testingPackage,
        decorators: decorated.includes(name),
        plugins: [redirectToBuild],
        test: {
          include: [...findBuiltSuites(name).suites],
          // Programs that a suite bundles contain the built packages too.
          env: { COUNTERSIGN_PACKAGES: 'built' },
          // Vitest replaces modules (`vi.mock`, `vi.resetModules`) only in files that it loads itself.
          server: { deps: { inline: [/\/packages\/\w+\/dist\//] } },
        },
      }),
    ),
  },
});
