import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { startServer } from './packages/core/tests/real-browsers/start-server.ts';
import { findSuitesNotOn } from './packages/core/tests/support/platforms.ts';
import { chromiumLaunchOptions } from './scripts/lib/programs/chromium.ts';
import { createFirefoxLaunchOptions } from './scripts/lib/programs/firefox.ts';
import { builtPackages, findBuiltSuites } from './scripts/lib/suites/built-suites.ts';
import { createProject, type ProjectOptions } from './vitest.shared.ts';

const root = import.meta.dirname;
const core = join(root, 'packages/core');

/** Resolves the packages of this repository to their sources, so that their tests need no build. */
const sourceCondition = '@countersign/source';
const sourceConditions = [sourceCondition, 'module', 'development|production'];
const nodeConditions = [...sourceConditions, 'node'];
const browserConditions = [...sourceConditions, 'browser'];

/** Core's manifest cannot name the testing package, which depends on core (docs/decisions/0004). */
const testingSources = [
  { find: /^@countersign\/testing$/, replacement: join(root, 'packages/testing/src/index.ts') },
  {
    find: /^@countersign\/testing\/contracts$/,
    replacement: join(root, 'packages/testing/src/contracts/index.ts'),
  },
];

/** Vite resolves for Node in every test environment but a browser. */
const webPlatform = {
  find: /^#platform$/,
  replacement: join(core, 'src/internal/platform/web.ts'),
};

const nodeModulesInBrowser = [
  { find: /^node:util$/, replacement: join(core, 'tests/real-browsers/inspect.ts') },
];

/** Suites that replace the timers or the console: loops of other suites of the same worker would use them too. */
const suitesThatReplaceGlobals = globSync('{src,tests}/**/*.test.ts', { cwd: core }).filter((suite) =>
  /useFakeTimers|spyOn\(console/.test(readFileSync(join(core, suite), 'utf8')),
);

/**
 * Suites of core that need modules of their own: the browser client and the state of a process keep module state, and
 * `oidc-provider` keeps one provider. The other suites of a worker share their modules, which saves their evaluation.
 */
const isolatedSuites = [
  ...suitesThatReplaceGlobals,
  '{src,tests}/browser/**/*.test.ts',
  'tests/{fuzz,hostile-requests,model,oidc-provider}/**/*.test.ts',
  'tests/session/isolation/**/*.test.ts',
  'tests/session/logout/invented-identifiers.test.ts',
];

/**
 * The suites of a package that the step `built` runs against `dist`. A run of all tests leaves them out here, so that each
 * suite runs once in Node.
 */
const suitesOfBuild = (folder: string): readonly string[] => {
  const isLeftOut = process.env.WITHOUT_SUITES_OF_BUILD !== undefined;
  return isLeftOut && builtPackages.some((name) => name === folder) ? findBuiltSuites(folder).suites : [];
};

const coreProject: ProjectOptions = { conditions: nodeConditions, alias: testingSources };

const createEdgeProject = (name: string, test: ProjectOptions['test']) =>
  createProject(name, 'packages/core', {
    conditions: nodeConditions,
    alias: [...testingSources, webPlatform],
    test: {
      environment: 'edge-runtime',
      setupFiles: [join(core, 'tests/edge/remove-window.ts')],
      ...test,
      exclude: [...findSuitesNotOn('edge', core), ...(test?.exclude ?? [])],
    },
  });

const createPackageProject = (name: string, options: ProjectOptions = {}, folder = name) =>
  createProject(name, `packages/${folder}`, {
    conditions: nodeConditions,
    ...options,
    test: { ...options.test, exclude: [...suitesOfBuild(folder), ...(options.test?.exclude ?? [])] },
  });

export default defineConfig({
  test: {
    passWithNoTests: false,
    // Tests wait for servers and browsers. The default leaves one processor idle.
    maxWorkers: '100%',
    projects: [
      createPackageProject('core', { ...coreProject, test: { isolate: false, exclude: isolatedSuites } }),
      createPackageProject('core-isolated', { ...coreProject, test: { include: isolatedSuites } }, 'core'),
      createEdgeProject('core-edge', { isolate: false, exclude: isolatedSuites }),
      createEdgeProject('core-edge-isolated', { include: ['tests/edge/*.edge-test.ts', ...isolatedSuites] }),
      createProject('core-chromium', 'packages/core', {
        conditions: browserConditions,
        alias: [...testingSources, ...nodeModulesInBrowser],
        test: {
          include: ['tests/real-browsers/*.browser-test.ts', '**/*.test.ts'],
          exclude: findSuitesNotOn('chromium', core),
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            commands: { startServer },
            provider: playwright({ launchOptions: chromiumLaunchOptions }),
            instances: [{ browser: 'chromium' }],
          },
        },
      }),
      createProject('core-firefox', 'packages/core', {
        conditions: browserConditions,
        alias: [...testingSources, ...nodeModulesInBrowser],
        test: {
          include: ['tests/real-browsers/*.browser-test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            commands: { startServer },
            provider: playwright({ launchOptions: createFirefoxLaunchOptions() }),
            instances: [{ browser: 'firefox' }],
          },
        },
      }),
      createPackageProject('next'),
      createPackageProject('nest', { decorators: true }),
      createPackageProject('angular', { decorators: true }),
      createPackageProject('redis'),
      createPackageProject('sql'),
      createPackageProject('testing'),
      createProject('identity-provider', 'apps/identity-provider'),
      createProject('nest-api', 'apps/nest-api', { decorators: true }),
      createProject('native-cli', 'apps/native-cli'),
      createProject('next-web', 'apps/next-web'),
      createProject('angular-spa', 'apps/angular-spa', { decorators: true }),
      createProject('scripts', 'scripts', { conditions: nodeConditions }),
    ],
  },
});
