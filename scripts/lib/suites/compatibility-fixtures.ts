import { join } from 'node:path';
import { root } from '../processes/process.ts';

export const fixtures = join(root, 'e2e/compatibility');

export type Command = readonly [command: string, ...args: string[]];

export interface Fixture {
  /** The folder in `e2e/compatibility`. */
  readonly name: string;
  /** Folders that are copied first. Default: none. */
  readonly sources?: readonly string[];
  readonly build: Command;
  /** Further builds of the same app, which must pass the same tests. Default: none. */
  readonly otherBuilds?: readonly Command[];
  /** Scripts of the app's `package.json` that run its tests with Jest or Vitest. Default: none. */
  readonly scripts?: readonly TestScript[];
  /** The tests of the built app: files of the fixture, or files beside the fixtures. */
  readonly checks: readonly string[];
}

export interface TestScript {
  readonly name: string;
  /** The arguments with which the runner writes its report in the form of Jest, without the name of the file. */
  readonly reporter: readonly string[];
  /** The end of the names of its tests. Each of these files must have run. */
  readonly suffix: string;
}

const angular = (version: number, ...options: string[]): Fixture => ({
  name: `angular-${version}`,
  sources: ['angular'],
  build: ['ng', 'build', ...options],
  checks: [join(fixtures, 'angular.check.ts')],
});

/** A production build with a further configuration of `angular.json`. */
const ngBuild = (variation: string): Command => ['ng', 'build', '--configuration', `production,${variation}`];

const next = (name: string, sources: readonly string[], ...checks: string[]): Fixture => ({
  name,
  sources: ['next', ...sources],
  build: ['next', 'build'],
  checks: ['next', 'next-hosts', 'next-copies', ...checks].map((check) =>
    join(fixtures, `${check}.check.ts`),
  ),
});

const nest = (name: string): Fixture => ({
  name,
  sources: ['nest'],
  build: ['tsc'],
  checks: ['dist/version.check.js', 'dist/check.js'],
});

/** An app of `nest new`, which contains its unit and e2e tests, built with each compiler of Nest's CLI. */
const generatedNest = (version: number): Fixture => ({
  name: `nest-${version}-generated`,
  sources: ['nest-generated'],
  build: ['nest', 'build'],
  otherBuilds: [
    ['nest', 'build', '--builder', 'swc'],
    ['nest', 'build', '--config', 'nest-cli.plugins.json'],
    ['nest', 'build', '--config', 'nest-cli.bundle.json'],
  ],
  scripts: [
    { name: 'test', suffix: '.spec.ts' },
    { name: 'test:e2e', suffix: '.e2e-spec.ts' },
  ].map((script) => ({ ...script, reporter: version === 11 ? ['--json'] : ['--reporter=json'] })),
  checks: ['dist/every-context.check.js'],
});

/**
 * `nest new`, `nest generate app` and `nest generate library`. The CLI builds each application with webpack (Nest 11) or
 * Rspack (Nest 12).
 */
const nestMonorepo = (version: number): Fixture => ({
  name: `nest-${version}-monorepo`,
  sources: ['nest-monorepo'],
  build: ['nest', 'build', '--all'],
  checks: ['monorepo.check.mts'],
});

/** Small applications on other versions of the frameworks. */
export const compatibilityFixtures: readonly Fixture[] = [
  // These take the longest, so they start first.
  next('next-15-nodejs', ['next-15'], 'next-rows'),
  next('next-16-proxy', ['next-16'], 'next-trailing-slash', 'next-rows'),
  nest('nest-11-commonjs'),
  nest('nest-12-esm'),
  nestMonorepo(11),
  nestMonorepo(12),
  generatedNest(11),
  generatedNest(12),
  next('next-15', [], 'next-trailing-slash'),
  next('next-16', [], 'next-export'),
  {
    name: 'next-16-i18n',
    build: ['next', 'build'],
    checks: ['next-i18n', 'next-i18n-trailing-slash'].map((check) => join(fixtures, `${check}.check.ts`)),
  },
  angular(20, '--polyfills', 'zone.js'),
  angular(21),
  angular(22),
  {
    name: 'angular-22-variations',
    sources: ['angular'],
    build: ngBuild('base-path'),
    otherBuilds: ['hash', 'module', 'zone', 'prerendered'].map(ngBuild),
    checks: [join(fixtures, 'angular.check.ts')],
  },
];
