import assert from 'node:assert/strict';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createTestBrowser, startProvider } from 'identity-provider';
import { listPublishedPackages } from '../../scripts/lib/packages/packages.ts';
import { tarball } from '../../scripts/lib/packages/tarball.ts';
import { findFreePort } from '../../scripts/lib/processes/ports.ts';
import { root, run, startService, stopAll } from '../../scripts/lib/processes/process.ts';
import { waitFor } from '../../scripts/lib/processes/wait-for.ts';
import { openHttpBrowser } from '../support/http-browser.ts';
import { type Runtime, runtimes } from './runtimes.ts';

const audience = 'https://api.countersign.example';
const folder = join(root, '.test/runtimes');
const accessTokenLifetime = 600;
const counts = { passed: 0, failed: 0 };

async function check(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    counts.passed += 1;
    console.log(`  ✓ ${name}`);
  } catch (error) {
    counts.failed += 1;
    console.log(`  ✗ ${name}\n${(error as Error).message.slice(0, 1000).replace(/^/gm, '      ')}`);
  }
}

/** Installs the packed core and the runtimes. */
async function install(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(import.meta.dirname, folder, { recursive: true, filter: (path) => !path.endsWith('.ts') });
  const core = listPublishedPackages().find(({ name }) => name === '@countersign/core');
  if (core === undefined) throw new Error('@countersign/core is not a package of this repository.');
  const dependencies = Object.assign({}, ...runtimes.map(({ packages }) => packages)) as Record<
    string,
    string
  >;
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({
      private: true,
      type: 'module',
      dependencies: { ...dependencies, '@countersign/core': `file:${tarball(core)}` },
    }),
  );
  await execute(['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline']);
}

async function execute([command = '', ...args]: readonly string[]): Promise<void> {
  const { code, output } = await run({ command, args, cwd: folder });
  if (code !== 0) throw new Error(`${command} exited with code ${code}.\n${output.slice(-2000)}`);
}

async function checkRuntime({ name, command: [command, ...args], bundle }: Runtime): Promise<void> {
  if (bundle !== undefined)
    await execute([
      join(root, 'node_modules/.bin/esbuild'),
      bundle.from,
      '--bundle',
      '--format=esm',
      '--conditions=workerd,worker,browser',
      `--outfile=${bundle.to}`,
    ]);
  let onTokenRequest: (() => Promise<void>) | undefined;
  const port = await findFreePort();
  const origin = `http://localhost:${port}`;
  const requests: string[] = [];
  const provider = await startProvider({
    origins: { nextWeb: origin, angularSpa: 'http://localhost:4200' },
    accessTokenLifetime,
    requestLog: ({ path, grant_type }) => requests.push(`${path} ${grant_type ?? ''}`.trim()),
    async onRequest({ path }, proceed) {
      await proceed();
      if (path === '/token') await onTokenRequest?.();
      return undefined;
    },
  });
  const service = startService(name, {
    command: command.startsWith('node_modules/') ? join(folder, command) : command,
    args,
    cwd: folder,
    env: { PORT: String(port), ISSUER: provider.issuer, ORIGIN: origin, AUDIENCE: audience },
  });
  const browser = openHttpBrowser(origin);
  const getToken = async () => {
    const response = await fetch(`${origin}/token`, { headers: { cookie: browser.cookies() } });
    assert.equal(response.status, 200, await response.clone().text());
    return ((await response.json()) as { accessToken: string }).accessToken;
  };
  /** Counts the requests of tokens that have arrived at the service. */
  const countArrivals = async () =>
    ((await (await fetch(`${origin}/arrivals`)).json()) as { count: number }).count;
  try {
    await check(`${name}: log in`, async () => {
      const problem = await waitFor(service, `${origin}/me`);
      assert.equal(problem, undefined, `${problem}\n${service.tail(20)}`);
      const start = await browser.visit('/auth/login');
      assert.ok(start.location, `status ${start.status}\n${start.html}`);
      const callback = await createTestBrowser(provider.issuer).logIn(start.location);
      const end = await browser.visit(callback);
      assert.equal(end.location?.href, `${origin}/`, end.html);
      assert.equal((await browser.visit('/me')).html, '{"sub":"user-alice"}');
    });
    await check(`${name}: 30 cold verifications at once, with one request for the keys`, async () => {
      const authorization = `Bearer ${await getToken()}`;
      requests.length = 0;
      const responses = await Promise.all(
        Array.from({ length: 30 }, () => fetch(`${origin}/items`, { headers: { authorization } })),
      );
      assert.deepEqual(
        responses.map(({ status }) => status),
        Array.from({ length: 30 }, () => 200),
      );
      assert.equal(requests.filter((request) => request.includes('jwks')).length, 1, requests.join('\n'));
      const rejected = await fetch(`${origin}/items`, { headers: { authorization: `${authorization}x` } });
      assert.equal(rejected.status, 401);
    });
    await check(`${name}: 50 refreshes at once, with one token request`, async () => {
      const previous = await getToken();
      await fetch(`${origin}/clock?advance=${accessTokenLifetime}`);
      requests.length = 0;
      const tokens = await Promise.all(Array.from({ length: 50 }, getToken));
      assert.equal(new Set(tokens).size, 1);
      assert.notEqual(tokens[0], previous);
      assert.deepEqual(
        requests.filter((request) => request.startsWith('/token')),
        ['/token refresh_token'],
      );
    });
    await check(
      `${name}: the other requests receive the token if the client that started the refresh leaves`,
      async () => {
        await fetch(`${origin}/clock?advance=${accessTokenLifetime}`);
        requests.length = 0;
        const client = new AbortController();
        let respond: () => void = () => {};
        const requested = new Promise<void>((resolve) => {
          onTokenRequest = () => {
            // A second token request is answered at once, and is then seen in the count.
            onTokenRequest = undefined;
            resolve();
            return new Promise((release) => {
              respond = release;
            });
          };
        });
        const leader = fetch(`${origin}/token`, {
          headers: { cookie: browser.cookies() },
          signal: client.signal,
        });
        await requested;
        const arrived = await countArrivals();
        const others = Array.from({ length: 9 }, getToken);
        // Its connection is closed when the next request has a response.
        client.abort();
        await assert.rejects(leader, { name: 'AbortError' });
        await fetch(`${origin}/me`);
        const deadline = Date.now() + 10_000;
        while ((await countArrivals()) < arrived + others.length) {
          assert.ok(Date.now() < deadline, 'The other requests have not arrived.');
          await setTimeout(20);
        }
        respond();
        assert.equal(new Set(await Promise.all(others)).size, 1);
        assert.deepEqual(
          requests.filter((each) => each.startsWith('/token')),
          ['/token refresh_token'],
        );
      },
    );
  } finally {
    if (counts.failed > 0) console.log(service.tail(20).replace(/^/gm, '      '));
    await service.stop();
    await provider.close();
  }
}

await install();
for (const runtime of runtimes) await checkRuntime(runtime);
await stopAll();
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);
