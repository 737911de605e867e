import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readOptions } from './config.ts';
import { startProvider } from './start.ts';
import { createTestClient } from './testing/test-client.ts';

const main = join(import.meta.dirname, 'main.ts');

async function run(environment: Record<string, string>): Promise<{ code: number; errors: string }> {
  const child = spawn(process.execPath, [main], { env: { ...process.env, ...environment } });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, errors };
}

describe('start', () => {
  test('rejects a host other than loopback', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com']) {
      await expect(startProvider({ host })).rejects.toThrow(/expected a loopback host/);
    }
    const { code, errors } = await run({ HOST: '0.0.0.0' });
    expect(code).toBe(1);
    expect(errors).toContain('set ALLOW_NON_LOOPBACK=1');
  });

  test('listens on another host if allowed', async () => {
    const running = await startProvider({ host: '0.0.0.0', allowNonLoopback: true });
    try {
      expect((await fetch(`http://127.0.0.1:${running.port}/health`)).status).toBe(200);
    } finally {
      await running.close();
    }
  });

  test('reports a port that is in use in one line', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, errors } = await run({ IDENTITY_PROVIDER_PORT: String(port) });
    other.close();
    expect(code).toBe(1);
    const lines = errors.split('\n').filter((line) => line !== '' && !line.startsWith('oidc-provider'));
    expect(lines).toEqual([`Port ${port} is in use. Set IDENTITY_PROVIDER_PORT to another port.`]);
  });

  test('rejects requests to another host name', async () => {
    const running = await startProvider();
    try {
      const response = await fetch(`http://127.0.0.1:${running.port}/.well-known/openid-configuration`);
      expect(response.status).toBe(421);
      expect(await response.text()).toContain(running.issuer);
    } finally {
      await running.close();
    }
  });
});

describe('readOptions', () => {
  test('reports the name and the value of an invalid variable', () => {
    expect(() => readOptions({ IDENTITY_PROVIDER_PORT: '80a' })).toThrow(
      'IDENTITY_PROVIDER_PORT is "80a", expected a port between 1 and 65535.',
    );
    expect(() => readOptions({ ACCESS_TOKEN_LIFETIME: '0' })).toThrow(/ACCESS_TOKEN_LIFETIME is "0"/);
  });

  test('reads the origins of the apps', () => {
    const { origins, port } = readOptions({ NEXT_WEB_PORT: '3100', ANGULAR_SPA_PORT: '' });
    expect(origins).toEqual({ nextWeb: 'http://localhost:3100', angularSpa: 'http://localhost:4200' });
    expect(port).toBe(4000);
  });
});

test('the request log contains one line per protocol request and no secret', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'identity-provider-'));
  const file = join(directory, 'requests.log');
  const { requestLog } = readOptions({ REQUEST_LOG: file });
  const running = await startProvider(requestLog ? { requestLog } : {});
  try {
    const client = createTestClient(running);
    const { body } = await client.login();
    await client.refresh(body.refresh_token);
    await client.refresh(body.refresh_token);
    await client.post('/token', { client_id: body.refresh_token, grant_type: body.refresh_token });
    await fetch(client.authorizationUrl({ prompt: 'none' }), { redirect: 'manual' });
    const text = readFileSync(file, 'utf8');
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const tokenRequests = lines.filter(({ path }) => path === '/token');
    const client_id = 'angular-spa';
    expect(tokenRequests).toEqual(
      [
        { grant_type: 'authorization_code', client_id, status: 200 },
        { grant_type: 'refresh_token', client_id, status: 200 },
        { grant_type: 'refresh_token', client_id, status: 400, error: 'invalid_grant' },
        { status: 401, error: 'invalid_client' },
      ].map((line) => ({ time: expect.any(String), method: 'POST', path: '/token', ...line })),
    );
    expect(lines.at(-1)).toMatchObject({ path: '/auth', client_id, error: 'login_required' });
    expect(lines.some(({ path }) => path === '/auth/:uid')).toBe(true);
    for (const secret of [body.refresh_token, body.access_token, client.verifier, 'alice-demo']) {
      expect(text).not.toContain(secret);
    }
  } finally {
    await running.close();
    rmSync(directory, { recursive: true });
  }
});
