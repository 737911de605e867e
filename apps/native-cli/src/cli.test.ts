import { execFile } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { createCliHarness, parseOutput } from '../tests/support/cli-harness.ts';
import { logIn } from '../tests/support/log-in.ts';

const {
  createEnvironment,
  run,
  login,
  log,
  getIssuer,
  getApiTokens,
  getTokenPath,
  readSavedTokens,
  findTokenRequests,
  setClockOffset,
} = createCliHarness();

describe('signed in', () => {
  beforeEach(async () => {
    await login();
    log.length = 0;
  });

  test('login prints the URL even if a browser has opened, because its window may not be visible', async () => {
    let url = '';
    const { stdout, stderr } = await run('login', {
      onUrl: (opened) => {
        url = opened;
        return logIn(opened, 'alice');
      },
    });
    expect(url).toContain('code_challenge=');
    expect(stdout + stderr).toContain(url);
  });

  test('whoami requests userinfo', async () => {
    const result = await run('whoami --json');
    expect(parseOutput(result)).toMatchObject([{ sub: 'user-alice', email: 'alice@countersign.example' }]);
    expect(log.filter(({ path }) => path === '/me')).toHaveLength(1);
  });

  test('call uses the stored token and refreshes it once after its expiry', async () => {
    const { accessTokens, refreshToken } = await readSavedTokens();
    expect(parseOutput(await run('call /items --json'))).toMatchObject([
      { status: 200, body: { sub: 'user-alice' } },
    ]);
    await run('call');
    expect(findTokenRequests()).toHaveLength(0);
    setClockOffset(61_000);
    expect(parseOutput(await run('call /items --json'))).toMatchObject([{ status: 200 }]);
    expect(parseOutput(await run('call /items --json'))).toMatchObject([{ status: 200 }]);
    expect(findTokenRequests()).toHaveLength(1);
    const newTokens = await readSavedTokens();
    expect(newTokens.refreshToken).not.toBe(refreshToken);
    expect(newTokens.accessTokens[0]?.accessToken).not.toBe(accessTokens[0]?.accessToken);
    expect(getApiTokens().at(-1)).toBe(newTokens.accessTokens[0]?.accessToken);
  });

  test('B1: rejects a URL of another origin', async () => {
    for (const path of [
      '//evil.example/',
      'https:evil.example',
      '/\\evil.example',
      'http://evil.example/items',
    ]) {
      const result = await run(`call ${path}`);
      expect(result.code).toBe(2);
    }
  });

  test('call shows the challenge of a rejected request and exits with code 4', async () => {
    await run('logout');
    await login('bob');
    const result = await run('call /items --data {"name":"x"} --json');
    expect(result.code).toBe(4);
    expect(parseOutput(result)[0]).toMatchObject({
      status: 403,
      challenge: expect.stringContaining('insufficient_scope'),
    });
  });

  test('refresh sends one token request and prints no token', async () => {
    const result = await run('refresh');
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toMatch(/^Refreshed\. .* 60 s\.\n$/);
    expect(findTokenRequests()).toHaveLength(1);
  });

  test('logout revokes the refresh token and deletes the file', async () => {
    const { refreshToken } = await readSavedTokens();
    const result = await run('logout --json');
    expect(parseOutput(result)).toEqual([{ status: 'logged_out', revoked: true }]);
    await expect(stat(getTokenPath())).rejects.toThrow();
    const response = await fetch(`${getIssuer()}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'native-cli',
        refresh_token: refreshToken ?? '',
      }),
    });
    expect(await response.json()).toMatchObject({ error: 'invalid_grant' });
    expect((await run('call')).code).toBe(3);
  });

  test('a revoked refresh token ends the login and deletes the file', async () => {
    const { refreshToken } = await readSavedTokens();
    await fetch(`${getIssuer()}/token/revocation`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'native-cli', token: refreshToken ?? '' }),
    });
    setClockOffset(61_000);
    const result = await run('call');
    expect(result.code).toBe(3);
    await expect(stat(getTokenPath())).rejects.toThrow();
  });

  test('tokens of another client are not used', async () => {
    expect((await run('call', { env: { CLIENT_ID: 'other-cli' } })).code).toBe(3);
  });

  test('a damaged file is reported, and logout deletes it', async () => {
    await writeFile(getTokenPath(), '{"issuer": 1');
    const result = await run('call');
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toContain(getTokenPath());
    expect((await run('logout')).code).toBe(0);
    await expect(stat(getTokenPath())).rejects.toThrow();
  });

  test('four concurrent processes send one refresh request', async () => {
    const saved = JSON.parse(await readFile(getTokenPath(), 'utf8'));
    const past = Math.floor(Date.now() / 1000) - 1;
    saved.tokens.accessTokens[0].expiresAt = past;
    await writeFile(getTokenPath(), JSON.stringify(saved));
    const main = fileURLToPath(new URL('./main.ts', import.meta.url));
    const runs = await Promise.all(
      Array.from({ length: 4 }, () =>
        promisify(execFile)(process.execPath, [main, 'call', '/items', '--json'], {
          env: { ...process.env, ...createEnvironment() },
        }),
      ),
    );
    for (const { stdout } of runs) expect(JSON.parse(stdout)).toMatchObject({ status: 200 });
    expect(findTokenRequests()).toHaveLength(1);
    expect(findTokenRequests()[0]?.status).toBe(200);
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
    const result = await run(args);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(message);
  });

  test('--help lists all commands', async () => {
    expect((await run('--help')).stdout).toMatch(/login[\s\S]*whoami[\s\S]*call[\s\S]*refresh[\s\S]*logout/);
    expect((await run('help')).code).toBe(0);
  });

  test('rejects an issuer with plain http that is not loopback', async () => {
    const result = await run('login', { env: { ISSUER: 'http://login.example' } });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('plain http');
  });
});
