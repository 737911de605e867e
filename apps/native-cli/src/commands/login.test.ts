import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCliHarness, parseOutput } from '../../tests/support/cli-harness.ts';
import { logIn } from '../../tests/support/log-in.ts';
import { runCli } from '../cli.ts';

const {
  run,
  createEnvironment,
  login,
  getIssuer,
  getHome,
  getTokenPath,
  readSavedTokens,
  findTokenRequests,
} = createCliHarness();

describe('login', () => {
  test('RFC 8252: opens the browser, stores validated tokens, and shows the signed-in user', async () => {
    let page: Awaited<ReturnType<typeof logIn>> | undefined;
    const result = await run('login', {
      onUrl: async (url) => {
        page = await logIn(url, 'alice');
      },
    });
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toContain('Signed in as Alice');
    expect(result.stdout).toContain('It is refreshed when it has expired');
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
      expect(result.stdout + result.stderr).not.toContain(secret);
  });

  test('creates a file that only the user can read, and leaves no temporary file', async () => {
    await login();
    expect((await stat(getTokenPath())).mode & 0o777).toBe(0o600);
    expect((await stat(getHome())).mode & 0o777).toBe(0o700);
    expect((await readdir(getHome())).sort()).toEqual(['refresh.lock', 'tokens.json']);
    expect((await stat(join(getHome(), 'refresh.lock'))).mode & 0o777).toBe(0o600);
  });

  test('prints the URL with --no-browser, and one JSON object per line with --json', async () => {
    let stdout = '';
    const code = await runCli(['login', '--no-browser', '--json'], {
      env: createEnvironment(),
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
    const result = await run('login', {
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
    expect(result.code).toBe(0);
    expect(result.stderr).toContain('was rejected');
    expect(findTokenRequests('authorization_code')).toHaveLength(1);
  });

  test('C6: fails on a response of another issuer, without a token request or stored tokens', async () => {
    let page: { status: number; html: string } | undefined;
    const result = await run('login --json', {
      onUrl: async (url) => {
        const callback = new URL((await logIn(url, 'alice', { stopAt: 'http://127.0.0.1' })).url);
        callback.searchParams.set('iss', 'https://evil.example');
        page = await visitPage(callback);
      },
    });
    expect(page?.status).toBe(400);
    expect(page?.html).toContain('The login failed');
    expect(result.code).toBe(1);
    expect(JSON.parse(result.stderr.trim().split('\n').at(-1) ?? '').error.code).toBe(
      'authorization_response_invalid',
    );
    expect(findTokenRequests('authorization_code')).toHaveLength(0);
    await expect(stat(getTokenPath())).rejects.toThrow();
  });

  test('rejects a response that was already used', async () => {
    let second: { status: number } | undefined;
    const result = await run('login', {
      onUrl: async (url) => {
        const callback = (await logIn(url, 'alice', { stopAt: 'http://127.0.0.1' })).url;
        const first = visitPage(new URL(callback));
        second = await visitPage(new URL(callback));
        await first;
      },
    });
    expect(result.code).toBe(0);
    expect(second?.status).toBe(410);
    expect(findTokenRequests('authorization_code')).toHaveLength(1);
  });

  test('shows denied consent in the browser and in the terminal', async () => {
    let page: { html: string } | undefined;
    const result = await run('login', {
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
            iss: getIssuer(),
          }),
        );
        page = await visitPage(callback);
      },
    });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('access_denied');
    expect(page?.html).toContain('access_denied');
    expect(page?.html).not.toContain('<b>no');
  });

  test('rejects another path, another host name and another method', async () => {
    await run('login', {
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
    const result = await run('login --timeout 0.2', { onUrl: async () => {} });
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toContain('No authorization response was received within 0.2 seconds');
  });

  test('reports that the token cannot be refreshed without a refresh token', async () => {
    const result = await login('alice', { REFRESH_TOKENS: 'false' });
    expect(result.code).toBe(0);
    expect(parseOutput(result).at(-1)).toMatchObject({
      refreshable: false,
      notice: expect.stringContaining('REFRESH_TOKENS is false'),
    });
    const refresh = await run('refresh');
    expect(refresh.code).toBe(3);
    expect(refresh.stderr).toContain('no refresh token');
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
