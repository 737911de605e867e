import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { findSuitesNotOn } from './packages/core/tests/support/platforms.ts';
import { chromiumLaunchOptions } from './scripts/lib/chromium.ts';
import { project, sourceAliases } from './vitest.shared.ts';

const core = `${import.meta.dirname}/packages/core`;

/** The core again where the edge runs it: another global scope, and the platform files of the web. */
const coreOnEdge = project('core-edge', 'packages/core', {
  packages: 'sources',
  include: ['tests/edge/*.edge-test.ts', '**/*.test.ts'],
  exclude: findSuitesNotOn('edge', core),
});
const web = {
  find: /^#platform$/,
  replacement: `${import.meta.dirname}/packages/core/src/internal/platform/web.ts`,
};

/** And once more in Chromium. */
const coreInChromium = project('core-chromium', 'packages/core', {
  packages: 'sources',
  include: ['tests/chromium/*.chromium-test.ts', '**/*.test.ts'],
  exclude: findSuitesNotOn('chromium', core),
});
const inTheBrowser = [
  { find: /^node:http$/, replacement: `${import.meta.dirname}/packages/core/tests/chromium/no-server.ts` },
  { find: /^node:util$/, replacement: `${import.meta.dirname}/packages/core/tests/chromium/inspect.ts` },
];
const chromium = playwright({ launchOptions: chromiumLaunchOptions });

export default defineConfig({
  test: {
    passWithNoTests: false,
    projects: [
      project('core', 'packages/core', { packages: 'sources' }),
      {
        ...coreOnEdge,
        resolve: { alias: [web, ...sourceAliases] },
        test: {
          ...coreOnEdge.test,
          environment: 'edge-runtime',
          setupFiles: [`${import.meta.dirname}/packages/core/tests/edge/only-the-web.ts`],
        },
      },
      {
        ...coreInChromium,
        resolve: { alias: [web, ...inTheBrowser, ...sourceAliases] },
        test: {
          ...coreInChromium.test,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: chromium,
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      project('next', 'packages/next', { packages: 'sources' }),
      project('nest', 'packages/nest', { packages: 'sources', decorators: true }),
      project('angular', 'packages/angular', { packages: 'sources', decorators: true }),
      project('redis', 'packages/redis', { packages: 'sources' }),
      project('testing', 'packages/testing', { packages: 'sources' }),
      project('identity-provider', 'apps/identity-provider', { packages: 'built' }),
      project('nest-api', 'apps/nest-api', { packages: 'built', decorators: true }),
      project('native-cli', 'apps/native-cli', { packages: 'built' }),
      project('scripts', 'scripts', { packages: 'built' }),
    ],
  },
});
