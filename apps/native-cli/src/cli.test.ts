import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TokenSet } from '@countersign/core';
import { type LoggedRequest, type RunningProvider, startProvider } from 'identity-provider';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from './cli.ts';
import { logIn, startApi } from './test-support.ts';

const log: LoggedRequest[] = [];
let provider: RunningProvider;
let api: Awaited<ReturnType<typeof startApi>>;
let home: string;
/** Milliseconds by which the program's clock is ahead. */
let clockOffset: number;

beforeAll(async () => {
  provider = await startProvider({ requestLog: (request) => log.push(request) });
  api = await startApi(provider.issuer);
});
afterAll(async () => {
  await api.close();
  await provider.close();
});
beforeEach(async () => {
  home = join(await mkdtemp(join(tmpdir(), 'native-cli-')), 'home');
  clockOffset = 0;
  log.length = 0;
});
afterEach(() => rm(join(home, '..'), { recursive: true, force: true }));

const environment = (more: Record<string, string> = {}) => ({
  ISSUER: provider.issuer,
  API_URL: api.url,
  COUNTERSIGN_CLI_HOME: home,
  ...more,
});

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program in this process. `onUrl` is called with the authorization URL instead of a browser. */
async function cli(
  args: string,
  options: { env?: Record<string, string>; onUrl?: (url: string) => Promise<unknown> } = {},
): Promise<Run> {
  let [stdout, stderr] = ['', ''];
  let user: Promise<unknown> = Promise.resolve();
  const code = await runCli(args.split(' '), {
    env: environment(options.env),
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    async openBrowser(url) {
      user = options.onUrl?.(url) ?? Promise.resolve();
      return options.onUrl !== undefined;
    },
    now: () => Date.now() + clockOffset,
  });
  await user;
  return { code, stdout, stderr };
}

const login = (user = 'alice', env: Record<string, string> = {}) =>
  cli('login --json', { env, onUrl: (url) => logIn(url, user) });

const file = () => join(home, 'tokens.json');
const readSavedTokens = async () => JSON.parse(await readFile(file(), 'utf8')).tokens as TokenSet;
const tokenRequests = (grant = 'refresh_token') =>
  log.filter(({ path, grant_type }) => path === '/token' && grant_type === grant);
const json = ({ stdout }: Run) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('login', () => {
  test('RFC 8252: opens the browser, stores validated tokens, and shows the signed-in user', async () => {
    let page: Awaited<ReturnType<typeof logIn>> | undefined;
    const run = await cli('login', {
      onUrl: async (url) => {
        page = await logIn(url, 'alice');
      },
    });
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain('Signed in as Alice');
    expect(run.stdout).toContain('It is refreshed when it has expired');
    expect(page?.status).toBe(200);
    expect(page?.html).toContain('You are signed in');
    expect(page?.headers.get('cache-control')).toBe('no-store');
    expect(page?.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page?.headers.get('referrer-policy')).toBe('no-referrer');
    const tokens = await readSavedTokens();
    expect(tokens.claims?.sub).toBe('user-alice');
    expect(tokens.refreshToken).toBeTruthy();
    // No token is printed.
    for (const secret of [tokens.refreshToken, tokens.idToken, tokens.accessTokens[0]?.accessToken])
      expect(run.stdout + run.stderr).not.toContain(secret);
  });

  test('creates a file that only the user can read, and leaves no temporary file', async () => {
    await login();
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    expect((await readdir(home)).sort()).toEqual(['refresh.lock', 'tokens.json']);
    expect((await stat(join(home, 'refresh.lock'))).mode & 0o777).toBe(0o600);
  });

  test('prints the URL with --no-browser, and one JSON object per line with --json', async () => {
    let stdout = '';
    const code = await runCli(['login', '--no-browser', '--json'], {
      env: environment(),
      stdout(text) {
        stdout += text;
        const { authorizationUrl } = JSON.parse(text);
        if (authorizationUrl) void logIn(authorizationUrl, 'bob');
      },
      stderr: () => {},
      openBrowser: () => Promise.reject(new Error('must not be called')),
    });
    expect(code).toBe(0);
    const [address, result] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const url = new URL(address.authorizationUrl);
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    expect(url.searchParams.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    expect(result).toMatchObject({
      status: 'signed_in',
      sub: 'user-bob',
      scopes: ['items:read'],
      refreshable: true,
    });
  });

  test('C6: rejects a response with another state and continues the login', async () => {
    const pages: { status: number; html: string }[] = [];
    const run = await cli('login', {
      onUrl: async (url) => {
        const callback = new URL((await logIn(url, 'alice', { stopAt: 'http://127.0.0.1' })).url);
        const forged = new URL(callback);
        forged.searchParams.set('state', 'forged');
        pages.push(await visitPage(forged));
        forged.searchParams.set('state', '');
        forged.searchParams.set('error', '<script>alert(1)</script>');
        pages.push(await visitPage(forged));
        pages.push(await visitPage(callback));
      },
    });
    expect(pages.map(({ status }) => status)).toEqual([400, 400, 200]);
    expect(pages[0]?.html).toContain('does not belong to your login');
    expect(pages[1]?.html).not.toContain('<script>');
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('was rejected');
    expect(tokenRequests('authorization_code')).toHaveLength(1);
  });

  test('C6: fails on a response of another issuer, without a token request or stored tokens', async () => {
    let page: { status: number; html: string } | undefined;
    const run = await cli('login --json', {
      onUrl: async (url) => {
        const callback = new URL((await logIn(url, 'alice', { stopAt: 'http://127.0.0.1' })).url);
        callback.searchParams.set('iss', 'https://evil.example');
        page = await visitPage(callback);
      },
    });
    expect(page?.status).toBe(400);
    expect(page?.html).toContain('The login failed');
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stderr.trim().split('\n').at(-1) ?? '').error.code).toBe(
      'authorization_response_invalid',
    );
    expect(tokenRequests('authorization_code')).toHaveLength(0);
    await expect(stat(file())).rejects.toThrow();
  });

  test('rejects a response that was already used', async () => {
    let second: { status: number } | undefined;
    const run = await cli('login', {
      onUrl: async (url) => {
        const callback = (await logIn(url, 'alice', { stopAt: 'http://127.0.0.1' })).url;
        const first = visitPage(new URL(callback));
        second = await visitPage(new URL(callback));
        await first;
      },
    });
    expect(run.code).toBe(0);
    expect(second?.status).toBe(410);
    expect(tokenRequests('authorization_code')).toHaveLength(1);
  });

  test('shows denied consent in the browser and in the terminal', async () => {
    let page: { html: string } | undefined;
    const run = await cli('login', {
      onUrl: async (url) => {
        const { redirectUri, state } = Object.fromEntries(
          [...new URL(url).searchParams].map(([name, value]) => [
            name === 'redirect_uri' ? 'redirectUri' : name,
            value,
          ]),
        );
        const callback = new URL(redirectUri as string);
        callback.search = String(
          new URLSearchParams({
            error: 'access_denied',
            error_description: '<b>no</b>',
            state: state as string,
            iss: provider.issuer,
          }),
        );
        page = await visitPage(callback);
      },
    });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('access_denied');
    expect(page?.html).toContain('access_denied');
    expect(page?.html).not.toContain('<b>no');
  });

  test('rejects another path, another host name and another method', async () => {
    await cli('login', {
      onUrl: async (url) => {
        const redirect = new URL(new URL(url).searchParams.get('redirect_uri') ?? '');
        expect((await fetch(new URL('/', redirect))).status).toBe(404);
        expect((await fetch(redirect, { method: 'POST' })).status).toBe(404);
        const response = await sendWithHost(redirect, 'evil.example');
        expect(response).toContain('404');
        await logIn(url, 'alice');
      },
    });
  });

  test('fails after the timeout without a response', async () => {
    const run = await cli('login --timeout 0.2', { onUrl: async () => {} });
    expect(run).toMatchObject({ code: 1 });
    expect(run.stderr).toContain('No authorization response was received within 0.2 seconds');
  });

  test('reports that the token cannot be refreshed without offline_access', async () => {
    const run = await login('alice', { SCOPE: 'openid profile items:read' });
    expect(run.code).toBe(0);
    expect(json(run).at(-1)).toMatchObject({
      refreshable: false,
      notice: expect.stringContaining('SCOPE does not contain offline_access'),
    });
    const refresh = await cli('refresh', { env: { SCOPE: 'openid profile items:read' } });
    expect(refresh.code).toBe(3);
    expect(refresh.stderr).toContain('offline_access');
  });
});

describe('signed in', () => {
  beforeEach(async () => {
    await login();
    log.length = 0;
  });

  test('whoami requests userinfo', async () => {
    const run = await cli('whoami --json');
    expect(json(run)).toMatchObject([{ sub: 'user-alice', email: 'alice@countersign.example' }]);
    expect(log.filter(({ path }) => path === '/me')).toHaveLength(1);
  });

  test('call uses the stored token and refreshes it once after its expiry', async () => {
    const { accessTokens, refreshToken } = await readSavedTokens();
    expect(json(await cli('call /items --json'))).toMatchObject([
      { status: 200, body: { sub: 'user-alice' } },
    ]);
    await cli('call');
    expect(tokenRequests()).toHaveLength(0);
    clockOffset = 61_000;
    expect(json(await cli('call /items --json'))).toMatchObject([{ status: 200 }]);
    expect(json(await cli('call /items --json'))).toMatchObject([{ status: 200 }]);
    expect(tokenRequests()).toHaveLength(1);
    const newTokens = await readSavedTokens();
    expect(newTokens.refreshToken).not.toBe(refreshToken);
    expect(newTokens.accessTokens[0]?.accessToken).not.toBe(accessTokens[0]?.accessToken);
    expect(api.tokens.at(-1)).toBe(newTokens.accessTokens[0]?.accessToken);
  });

  test('B1: rejects a URL of another origin', async () => {
    for (const path of [
      '//evil.example/',
      'https:evil.example',
      '/\\evil.example',
      'http://evil.example/items',
    ]) {
      const run = await cli(`call ${path}`);
      expect(run.code).toBe(2);
    }
  });

  test('call shows the challenge of a rejected request and exits with code 4', async () => {
    await cli('logout');
    await login('bob');
    const run = await cli('call /items --data {"name":"x"} --json');
    expect(run.code).toBe(4);
    expect(json(run)[0]).toMatchObject({
      status: 403,
      challenge: expect.stringContaining('insufficient_scope'),
    });
  });

  test('refresh sends one token request and prints no token', async () => {
    const run = await cli('refresh');
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toMatch(/^Refreshed\. .* 60 s\.\n$/);
    expect(tokenRequests()).toHaveLength(1);
  });

  test('logout revokes the refresh token and deletes the file', async () => {
    const { refreshToken } = await readSavedTokens();
    const run = await cli('logout --json');
    expect(json(run)).toEqual([{ status: 'logged_out', revoked: true }]);
    await expect(stat(file())).rejects.toThrow();
    const response = await fetch(`${provider.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'native-cli',
        refresh_token: refreshToken ?? '',
      }),
    });
    expect(await response.json()).toMatchObject({ error: 'invalid_grant' });
    expect((await cli('call')).code).toBe(3);
  });

  test('a revoked refresh token ends the login and deletes the file', async () => {
    const { refreshToken } = await readSavedTokens();
    await fetch(`${provider.issuer}/token/revocation`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'native-cli', token: refreshToken ?? '' }),
    });
    clockOffset = 61_000;
    const run = await cli('call');
    expect(run.code).toBe(3);
    await expect(stat(file())).rejects.toThrow();
  });

  test('tokens of another client are not used', async () => {
    expect((await cli('call', { env: { CLIENT_ID: 'other-cli' } })).code).toBe(3);
  });

  test('a damaged file is reported, and logout deletes it', async () => {
    await writeFile(file(), '{"issuer": 1');
    const run = await cli('call');
    expect(run).toMatchObject({ code: 1 });
    expect(run.stderr).toContain(file());
    expect((await cli('logout')).code).toBe(0);
    await expect(stat(file())).rejects.toThrow();
  });

  test('four concurrent processes send one refresh request', async () => {
    const saved = JSON.parse(await readFile(file(), 'utf8'));
    const past = Math.floor(Date.now() / 1000) - 1;
    saved.tokens.accessTokens[0].expiresAt = past;
    await writeFile(file(), JSON.stringify(saved));
    const main = fileURLToPath(new URL('./main.ts', import.meta.url));
    const runs = await Promise.all(
      Array.from({ length: 4 }, () =>
        promisify(execFile)(process.execPath, [main, 'call', '/items', '--json'], {
          env: { ...process.env, ...environment() },
        }),
      ),
    );
    for (const { stdout } of runs) expect(JSON.parse(stdout)).toMatchObject({ status: 200 });
    expect(tokenRequests()).toHaveLength(1);
    expect(tokenRequests()[0]?.status).toBe(200);
  });
});

describe('usage', () => {
  test.each([
    ['logon', 'Did you mean "login"?'],
    ['frobnicate', 'The commands are login, whoami, call, refresh, logout.'],
    ['login --bogus', '--help'],
    ['login --timeout 0', '--timeout must be'],
    ['call /items extra', 'Unexpected argument "extra"'],
    ['call /items --data {', '--data must be JSON'],
  ])('%s', async (args, message) => {
    const run = await cli(args);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(message);
  });

  test('--help lists all commands', async () => {
    expect((await cli('--help')).stdout).toMatch(/login[\s\S]*whoami[\s\S]*call[\s\S]*refresh[\s\S]*logout/);
    expect((await cli('help')).code).toBe(0);
  });

  test('rejects an issuer with plain http that is not loopback', async () => {
    const run = await cli('login', { env: { ISSUER: 'http://login.example' } });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('plain http');
  });
});

async function visitPage(url: URL): Promise<{ status: number; html: string }> {
  const response = await fetch(url);
  return { status: response.status, html: await response.text() };
}

/** Sends a request with another `Host` header, which `fetch` does not allow. */
async function sendWithHost(url: URL, host: string): Promise<string> {
  const { connect } = await import('node:net');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () =>
      socket.write(`GET /callback HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
    );
    let response = '';
    socket.on('data', (data) => {
      response += data;
    });
    socket.on('end', () => resolve(response));
    socket.on('error', reject);
  });
}
