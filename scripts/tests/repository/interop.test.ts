import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checks } from '../../../e2e/interop/checks/checks.ts';
import { checkTitles } from '../../../e2e/interop/server.ts';
import { renderChecks, renderTable, servers } from '../../../e2e/interop/servers.ts';
import { root } from '../../lib/processes/process.ts';

const page = readFileSync(join(root, 'docs/interop.md'), 'utf8');

test('docs/interop.md has the table of the servers', () => {
  expect(page).toContain(renderTable());
});

test('docs/interop.md lists the checks', () => {
  expect(page).toContain(renderChecks());
  expect(Object.keys(checks)).toEqual(Object.keys(checkTitles));
});

test.each(servers)('$name is pinned to an exact version', ({ version }) => {
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

test('oidc-provider is the version that is installed', () => {
  const require = createRequire(join(root, 'e2e/package.json'));
  const manifest = readFileSync(join(require.resolve('oidc-provider'), '../../package.json'), 'utf8');
  const versions = servers.filter(({ name }) => name.startsWith('oidc-provider')).map((each) => each.version);
  expect(new Set(versions)).toEqual(new Set([JSON.parse(manifest).version]));
});

test('Spring Boot is the version of pom.xml', () => {
  const project = readFileSync(join(root, 'e2e/interop/servers/spring/pom.xml'), 'utf8');
  const spring = servers.find(({ name }) => name.startsWith('Spring'));
  expect(project).toContain(`<version>${spring?.version}</version>`);
});

test('zitadel/oidc is the version of go.mod', () => {
  const modules = readFileSync(join(root, 'e2e/interop/servers/zitadel/go.mod'), 'utf8');
  const zitadel = servers.find(({ source }) => source === 'Go modules');
  expect(modules).toContain(`github.com/zitadel/oidc/v3 v${zitadel?.version}\n`);
});
