import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';

interface Rule {
  readonly name: string;
}

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

const { default: config } = (await import(`${root}.dependency-cruiser.mjs`)) as {
  default: { forbidden: readonly Rule[] };
};

/** Permitted imports, in a tree of the same shape. */
const allowed: Record<string, string> = {
  'packages/core/src/index.ts': `export { operation } from './client/operation.ts'; export { Fault } from './errors.ts';`,
  'packages/core/src/errors.ts': `export class Fault extends Error {}`,
  'packages/core/src/internal/clock.ts': `import { Fault } from '../errors.ts'; export const now = () => { throw new Fault(); };`,
  'packages/core/src/events.ts': `import type { Fault } from './errors.ts'; export type AuthEvent = Fault;`,
  'packages/core/src/protocol/rule.ts': `import { now } from '../internal/clock.ts'; import { Fault } from '../errors.ts'; import type { AuthEvent } from '../events.ts'; export type { AuthEvent }; export const rule = [now, Fault];`,
  'packages/core/src/providers/preset.ts': `import { rule } from '../protocol/rule.ts'; export const preset = rule;`,
  'packages/core/src/internal/platform/node.ts': `import { inspect } from 'node:util'; export const platform = inspect;`,
  'packages/core/src/client/operation.ts': `import { now } from '../internal/clock.ts'; import { platform } from '#platform'; import { preset } from '../providers/preset.ts'; import '../protocol/rule.ts'; import 'oauth4webapi'; export const operation = [now, platform, preset];`,
  'packages/core/src/tokens/refresh.ts': `import { operation } from '../client/operation.ts'; export const refresh = operation;`,
  'packages/core/src/browser/index.ts': `export { refresh } from '../tokens/refresh.ts';`,
  'packages/core/src/session/index.ts': `export { refresh } from '../tokens/refresh.ts';`,
  'packages/core/src/session/adapter.ts': `export { refresh } from '../tokens/refresh.ts';`,
  'packages/core/src/resource-server/index.ts': `export { operation } from '../client/operation.ts'; import 'jose';`,
  'packages/core/src/node/index.ts': `import { Agent } from 'undici'; import { now } from '../internal/clock.ts'; import 'node:tls'; export const pool = [Agent, now];`,
  'packages/core/src/session/index.test.ts': `import '../resource-server/index.ts'; import 'node:fs'; import '@countersign/testing';`,
  'packages/next/src/index.ts': `import '@countersign/core/session'; import '@countersign/core/session/adapter'; import 'next/server'; import 'react';`,
  'packages/next/src/client/index.tsx': `import 'react';`,
  'packages/nest/src/index.ts': `import '@countersign/core/resource-server'; import '@nestjs/common';`,
  'packages/nest/src/index.test.ts': `import '@countersign/testing'; import '@nestjs/testing';`,
  'packages/angular/src/index.ts': `import '@countersign/core/browser'; import '@angular/core';`,
  'packages/redis/src/index.ts': `import '@countersign/core'; import 'redis';`,
  'packages/sql/src/index.ts': `import '@countersign/core'; import 'node:sqlite';`,
  'packages/testing/src/index.ts': `import '@countersign/core/session'; import 'node:http'; import 'jose';`,
  'packages/testing/src/contracts/index.ts': `export const contract = true;`,
  'apps/nest-api/src/main.ts': `import '@countersign/nest'; import '@countersign/core/resource-server';`,
  'apps/next-web/src/page.ts': `import '@countersign/next'; import '@countersign/next/client';`,
};

/** At least one violation of each rule. */
const violationsByRule: Record<string, readonly (readonly [file: string, code: string])[]> = {
  'core-lowest-layer': [
    ['packages/core/src/internal/a.ts', `import '../client/operation.ts';`],
    ['packages/core/src/internal/b.ts', `import '../resource-server/index.ts';`],
    ['packages/core/src/errors/a.ts', `import '../client/operation.ts';`],
    ['packages/core/src/internal/f.ts', `import '../protocol/rule.ts';`],
    ['packages/core/src/internal/g.ts', `import '../providers/preset.ts';`],
    [
      'packages/core/src/options.ts',
      `import type { refresh } from './tokens/refresh.ts'; export type A = typeof refresh;`,
    ],
  ],
  'core-protocol-layer': [
    ['packages/core/src/protocol/a.ts', `import '../client/operation.ts';`],
    ['packages/core/src/protocol/b.ts', `import '../browser/index.ts';`],
    ['packages/core/src/protocol/c.ts', `import '../providers/preset.ts';`],
  ],
  'core-protocol-without-io': [
    ['packages/core/src/protocol/d.ts', `import '../internal/fetch/send.ts';`],
    ['packages/core/src/protocol/e.ts', `import '../internal/relay.ts';`],
    ['packages/core/src/protocol/f.ts', `import 'oauth4webapi';`],
  ],
  'core-middle-layer': [
    ['packages/core/src/providers/a.ts', `import '../session/index.ts';`],
    ['packages/core/src/client/a.ts', `import '../session/index.ts';`],
    ['packages/core/src/tokens/b.ts', `export * from '../browser/index.ts';`],
  ],
  'core-browser-is-independent': [['packages/core/src/browser/a.ts', `import '../session/index.ts';`]],
  'core-session-is-independent': [
    ['packages/core/src/session/a.ts', `import '../resource-server/index.ts';`],
  ],
  'core-resource-server-is-independent': [
    ['packages/core/src/resource-server/a.ts', `import '../browser/index.ts';`],
  ],
  'core-never-imports-node': [
    ['packages/core/src/session/b.ts', `export const load = () => import('../node/index.ts');`],
    ['packages/core/src/tokens/c.ts', `import '../node/index.ts';`],
  ],
  'core-node-imports-lower-layers': [['packages/core/src/node/a.ts', `import '../session/index.ts';`]],
  'core-root-entry-only-for-users': [['packages/core/src/resource-server/b.ts', `import '../index.ts';`]],
  'core-undici-only-in-node': [['packages/core/src/internal/c.ts', `import { fetch } from 'undici'; fetch;`]],
  'core-builtins-only-in-node-and-platform': [
    ['packages/core/src/session/c.ts', `import 'node:crypto';`],
    ['packages/core/src/internal/d.ts', `import 'fs';`],
  ],
  'core-platform-by-name': [['packages/core/src/internal/e.ts', `import './platform/node.ts';`]],
  'core-imports-no-adapter': [
    ['packages/core/src/session/d.ts', `import '@countersign/redis';`],
    ['packages/core/src/browser/b.ts', `import 'rxjs';`],
  ],
  'core-by-public-subpath': [['packages/next/src/a.ts', `import '../../core/src/tokens/refresh.ts';`]],
  'core-by-name': [['packages/nest/src/a.ts', `import '../../core/src/resource-server/index.ts';`]],
  'core-test-support-only-in-tests': [
    ['packages/angular/src/c.ts', `import '../../core/tests/support/world.ts';`],
  ],
  'adapter-next-is-independent': [['packages/next/src/b.ts', `import '@countersign/redis';`]],
  'adapter-nest-is-independent': [['packages/nest/src/b.ts', `import '@countersign/next';`]],
  'adapter-angular-is-independent': [['packages/angular/src/a.ts', `import '@countersign/nest';`]],
  'adapter-redis-is-independent': [['packages/redis/src/a.ts', `import '@countersign/angular';`]],
  'adapter-sql-is-independent': [['packages/sql/src/a.ts', `import '@countersign/redis';`]],
  'adapters-decide-nothing': [
    ['packages/next/src/d.ts', `import { createHmac } from 'node:crypto'; createHmac;`],
    ['packages/nest/src/e.ts', `import 'oauth4webapi';`],
    ['packages/angular/src/d.ts', `import 'cookie';`],
  ],
  'session-adapter-only-in-adapters': [
    ['apps/next-web/src/b.ts', `import '@countersign/core/session/adapter';`],
    ['packages/core/src/session/e.ts', `import './adapter.ts';`],
  ],
  'testing-only-in-tests': [
    ['packages/redis/src/b.ts', `import '@countersign/testing/contracts';`],
    ['apps/nest-api/src/a.ts', `import '@countersign/testing';`],
  ],
  'packages-import-no-app': [['packages/testing/src/a.ts', `import '../../../apps/nest-api/src/main.ts';`]],
  'apps-are-independent': [['apps/nest-api/src/b.ts', `import '../../next-web/src/page.ts';`]],
  'apps-import-packages-by-name': [
    ['apps/next-web/src/a.ts', `import '../../../packages/next/src/index.ts';`],
  ],
  'framework-is-a-peer': [
    ['packages/angular/src/b.ts', `import '@angular/platform-browser';`],
    ['packages/nest/src/d.ts', `import '@nestjs/platform-express';`],
  ],
  'published-code-declares-imports': [['packages/core/src/client/b.ts', `import 'fast-check';`]],
  'no-cycle': [
    ['packages/core/src/tokens/d.ts', `import './e.ts';`],
    ['packages/core/src/tokens/f.ts', `import type { G } from './g.ts'; export type F = G | 1;`],
    ['e2e/support/a.ts', `import './b.ts';`],
    ['bench/src/a.ts', `import './b.ts';`],
    ['scripts/lib/a.ts', `import './b.ts';`],
  ],
  'imports-resolve': [['packages/next/src/c.ts', `import '@countersign/core/secret';`]],
};

/** The second file of each cycle, which is reported once, and the targets of forbidden imports. */
const otherFiles = {
  'packages/core/src/tokens/e.ts': `import './d.ts';`,
  'packages/core/src/internal/fetch/send.ts': '',
  'packages/core/src/internal/relay.ts': `import './fetch/send.ts';`,
  'e2e/support/b.ts': `import './a.ts';`,
  'bench/src/b.ts': `import './a.ts';`,
  'scripts/lib/b.ts': `import './a.ts';`,
  'packages/core/src/tokens/g.ts': `import type { F } from './f.ts'; export type G = F | 2;`,
  'packages/core/tests/support/world.ts': '',
};

/** Links the installed dependencies of a package, and the packages of the repository to those of this test. */
function linkDependencies(directory: string, home: string): void {
  const installed = join(root, home, 'node_modules');
  if (!existsSync(installed)) return;
  const link = (target: string, name: string) => {
    const path = join(directory, home, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  };
  for (const name of readdirSync(installed)) {
    if (name !== '@countersign') link(join(installed, name), name);
  }
  // Each manifest is treated as if it declared all packages, because an undeclared import does not resolve.
  for (const name of readdirSync(join(root, 'packages'))) {
    link(join(directory, 'packages', name), `@countersign/${name}`);
  }
}

const run = promisify(execFile);
const directories: string[] = [];

async function findViolations(files: Record<string, string>): Promise<Violation[]> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'import-rules-')));
  directories.push(directory);
  const configuration = [
    '.dependency-cruiser.mjs',
    'tsconfig.base.json',
    'packages/core/tsconfig.json',
    'packages/core/tsconfig.node.json',
  ];
  for (const name of configuration) cpSync(join(root, name), join(directory, name));
  const homes = new Set(Object.keys(files).map((file) => file.split('/').slice(0, 2).join('/')));
  for (const home of homes) {
    mkdirSync(join(directory, home), { recursive: true });
    const manifest = join(root, home, 'package.json');
    if (existsSync(manifest)) cpSync(manifest, join(directory, home, 'package.json'));
    linkDependencies(directory, home);
  }
  for (const [file, code] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), `${code}\nexport {};\n`);
  }
  const tools = ['e2e', 'bench', 'scripts'].filter((name) => existsSync(join(directory, name)));
  const { stdout } = await run(
    join(root, 'node_modules/.bin/depcruise'),
    ['packages', 'apps', ...tools, '--config', '.dependency-cruiser.mjs', '--output-type', 'json'],
    { cwd: directory, maxBuffer: 64 * 1024 * 1024 },
  );
  return (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
}

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

describe('.dependency-cruiser.mjs', () => {
  let violations: Violation[] = [];

  beforeAll(async () => {
    violations = await findViolations({
      ...allowed,
      ...otherFiles,
      ...Object.fromEntries(Object.values(violationsByRule).flat()),
    });
  }, 60_000);

  test('permits the imports of the architecture', async () => {
    expect(await findViolations(allowed)).toEqual([]);
  }, 60_000);

  test('has a violation of each rule in this test', () => {
    expect(config.forbidden.map(({ name }) => name).sort()).toEqual(Object.keys(violationsByRule).sort());
  });

  test.each(
    Object.entries(violationsByRule).flatMap(([rule, files]) =>
      files.map(([file, code]) => ({ rule, file, code })),
    ),
  )('$rule rejects $file', ({ rule, file }) => {
    const brokenRules = violations
      .filter(({ from }) => from === file)
      .map((violation) => violation.rule.name);
    expect(brokenRules).toContain(rule);
  });
});
