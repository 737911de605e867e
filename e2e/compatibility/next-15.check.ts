import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  createTestBrowser,
  type LoggedRequest,
  type RunningProvider,
  startProvider,
} from 'identity-provider';

const folder = process.env.FIXTURE ?? '.';
/** Next 15 has two for the middleware; the fixture says in its name which it chose. */
const runtime = folder.endsWith('-nodejs') ? 'nodejs' : 'edge';
const log: LoggedRequest[] = [];
const jar = new Map<string, string>();
let origin: string;
let provider: RunningProvider;
let server: ChildProcess;
let output = '';

before(async () => {
  origin = `http://localhost:${await freePort()}`;
  provider = await startProvider({
    origins: { nextWeb: origin, angularSpa: 'http://localhost:4200' },
    accessTokenLife: 6,
    requestLog: (logged) => log.push(logged),
  });
  server = spawn(
    process.execPath,
    [join(folder, 'node_modules/next/dist/bin/next'), 'start', '-p', new URL(origin).port],
    {
      cwd: folder,
      env: {
        ...process.env,
        AUTH_ISSUER: provider.issuer,
        AUTH_CLIENT_ID: 'next-web',
        AUTH_CLIENT_SECRET: 'next-web-demo-secret',
        AUTH_SECRET: randomBytes(32).toString('base64'),
        AUTH_BASE_URL: origin,
      },
    },
  );
  for (const stream of [server.stdout, server.stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk;
    });
  }
  await ready();
});

after(async () => {
  server?.kill('SIGTERM');
  await provider?.close();
});

test(`a page that is not protected is shown to anybody, through the middleware on ${runtime}`, async () => {
  const home = await visit('/');
  assert.equal(home.status, 200);
  assert.match(home.html, /<h1>Home<\/h1>/);
  assert.match(home.html, /href="\/auth\/login"/);
  assert.equal(home.runtime, runtime);
});

test('a protected page without a session leads to the login', async () => {
  const { status, location } = await visit('/dashboard?tab=1');
  assert.equal(status, 307);
  assert.equal(location?.pathname, '/auth/login');
  assert.equal(location.searchParams.get('returnTo'), '/dashboard?tab=1');
});

test('what a script sends without a session is answered 401', async () => {
  const { status } = await visit('/dashboard', { method: 'POST', headers: { 'sec-fetch-mode': 'cors' } });
  assert.equal(status, 401);
});

test('the login ends at the page that was wanted', async () => {
  const start = await visit('/auth/login?returnTo=%2Fdashboard%3Ftab%3D1');
  const callback = await createTestBrowser(provider.issuer).signIn(start.location ?? '');
  assert.equal(callback.origin, origin);
  assert.equal((await visit(callback)).location?.href, `${origin}/dashboard?tab=1`);
  const page = await visit('/dashboard?tab=1');
  assert.equal(page.status, 200);
  assert.match(page.html, /data-user="user-alice"/);
  assert.match(page.html, /action="\/auth\/logout"/);
  assert.equal(refreshes().length, 0);
});

test('the middleware refreshes ahead, once, and hands the fresh token to the page and to the browser', async () => {
  const before = expiryIn((await visit('/dashboard')).html);
  const session = cookieHeader();
  await delay(before * 1000 - Date.now() + 100);
  const pages = await Promise.all([1, 2, 3].map(() => visit('/dashboard')));
  for (const { status, html } of pages) {
    assert.equal(status, 200);
    assert.ok(expiryIn(html) > before, 'the page was given the old token');
  }
  assert.notEqual(cookieHeader(), session, 'the browser was not given the new session');
  assert.deepEqual(
    refreshes().map(({ status }) => status),
    [200],
  );
  await visit('/dashboard');
  assert.equal(refreshes().length, 1, 'the fresh session was not used');
});

test('another site cannot log the user out', async () => {
  const { status } = await visit('/auth/logout', {
    method: 'POST',
    headers: { origin: 'https://evil.example' },
  });
  assert.equal(status, 403);
  assert.equal((await visit('/dashboard')).status, 200);
});

test('logout ends the session', async () => {
  const kept = cookieHeader();
  const { location } = await visit('/auth/logout', { method: 'POST', headers: { origin } });
  assert.equal(location?.origin, provider.issuer);
  assert.equal((await visit('/dashboard')).status, 307);
  const replayed = await fetch(`${origin}/dashboard`, { headers: { cookie: kept }, redirect: 'manual' });
  assert.equal(replayed.status, 307, 'the old cookie still opens the page');
});

const refreshes = () => log.filter(({ grant_type }) => grant_type === 'refresh_token');

const expiryIn = (html: string) => Number(/data-expires-at="(\d+)"/.exec(html)?.[1]);

const cookieHeader = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');

/** A navigation of the browser (`fetch` would say that a script asks); its cookies are kept, redirects not followed. */
async function visit(path: string | URL, { method = 'GET', headers = {} as Record<string, string> } = {}) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(new URL(path, origin), {
      method,
      headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate', cookie: cookieHeader(), ...headers },
    });
    sent.once('response', resolve).once('error', reject).end();
  });
  for (const header of response.headers['set-cookie'] ?? []) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
    if (value === '' || /max-age=0\b/i.test(header)) jar.delete(name);
    else jar.set(name, value);
  }
  const { statusCode: status, headers: received } = response;
  const location = received.location === undefined ? undefined : new URL(received.location, origin);
  return { status, location, runtime: received['x-runtime'], html: await text(response) };
}

async function ready(): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) throw new Error(`next start ended at once:\n${output}`);
    if ((await fetch(origin).catch(() => undefined))?.ok) return;
    await delay(100);
  }
  throw new Error(`next start did not answer:\n${output}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, 'localhost', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
