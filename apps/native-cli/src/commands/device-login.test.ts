import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createCliHarness, parseOutput } from '../../tests/support/cli-harness.ts';
import { approveDevice, logIn } from '../../tests/support/log-in.ts';

const { run, getTokenPath, readSavedTokens } = createCliHarness();

test('RFC 8628: shows the code, waits for the other device, and stores validated tokens', async () => {
  let shown: { verificationUri: string; userCode: string } | undefined;
  let polls = 0;
  const result = await run('login --device --json', {
    onOutput: (text) => {
      shown ??= JSON.parse(text);
    },
    // The first poll receives "authorization_pending".
    onWait: async () => {
      polls += 1;
      if (shown && polls === 2) await approveDevice(shown.verificationUri, shown.userCode, 'alice');
    },
    onUrl: () => Promise.reject(new Error('must not be called')),
  });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(polls).toBe(2);
  expect(parseOutput(result).at(-1)).toMatchObject({
    status: 'signed_in',
    sub: 'user-alice',
    refreshable: true,
  });
  const tokens = await readSavedTokens();
  for (const secret of [tokens.refreshToken, tokens.idToken, tokens.accessTokens[0]?.accessToken]) {
    expect(secret).toBeTruthy();
    expect(result.stdout).not.toContain(secret);
  }
});

test('a device login that the user does not complete in time stores nothing', async () => {
  const result = await run('login --device --timeout 0.2');
  expect(result).toMatchObject({ code: 1 });
  expect(result.stderr).toContain('not completed within 0.2 seconds');
  await expect(stat(getTokenPath())).rejects.toThrow();
});

test('--port sets the port of the redirect URI', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const inUse = await run(`login --port ${port}`);
  expect(inUse).toMatchObject({ code: 1 });
  expect(inUse.stderr).toContain(`Port ${port} cannot be used: EADDRINUSE`);
  await new Promise((resolve) => server.close(resolve));
  let redirectUri: string | null = null;
  const result = await run(`login --port ${port}`, {
    onUrl: (url) => {
      redirectUri = new URL(url).searchParams.get('redirect_uri');
      return logIn(url, 'alice');
    },
  });
  expect(redirectUri).toBe(`http://127.0.0.1:${port}/callback`);
  expect(result).toMatchObject({ code: 0 });
});
