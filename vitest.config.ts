import { defineConfig } from 'vitest/config';
import { project, sourceAliases } from './vitest.shared.ts';

/** The core again where the edge runs it: another global scope, and the platform files of the web. */
const coreOnEdge = project('core-edge', 'packages/core', {
  packages: 'sources',
  include: ['tests/**/*.edge-test.ts', 'tests/conformance/*.test.ts', 'tests/mobile-login-flow.test.ts'],
});
const web = {
  find: /^#platform$/,
  replacement: `${import.meta.dirname}/packages/core/src/internal/platform/web.ts`,
};

export default defineConfig({
  test: {
    passWithNoTests: false,
    projects: [
      project('core', 'packages/core', { packages: 'sources' }),
      {
        ...coreOnEdge,
        resolve: { alias: [web, ...sourceAliases] },
        test: { ...coreOnEdge.test, environment: 'edge-runtime' },
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
