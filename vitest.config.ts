import { defineConfig } from 'vitest/config';
import { project } from './vitest.shared.ts';

export default defineConfig({
  test: {
    passWithNoTests: false,
    projects: [
      project('core', 'packages/core', { packages: 'sources' }),
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
