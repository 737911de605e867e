import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { optionsFromEnvironment } from './config.ts';
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
  test('listens on loopback only', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com']) {
      await expect(startProvider({ host })).rejects.toThrow(/loopback only/);
    }
    const { code, errors } = await run({ HOST: '0.0.0.0' });
    expect(code).toBe(1);
    expect(errors).toContain('set ALLOW_NON_LOOPBACK=1');
  });

  test('listens elsewhere when told', async () => {
    const running = await startProvider({ host: '0.0.0.0', allowNonLoopback: true });
    try {
      expect((await fetch(`http://127.0.0.1:${running.port}/health`)).status).toBe(200);
    } finally {
      await running.close();
    }
  });

  test('names a taken port in one sentence', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, errors } = await run({ IDENTITY_PROVIDER_PORT: String(port) });
    other.close();
    expect(code).toBe(1);
    const own = errors.split('\n').filter((line) => line !== '' && !line.startsWith('oidc-provider'));
    expect(own).toEqual([`Port ${port} is taken; set IDENTITY_PROVIDER_PORT to another one.`]);
  });

  test('answers under its own name only', async () => {
    const running = await startProvider();
    try {
      const renamed = await fetch(`http://127.0.0.1:${running.port}/.well-known/openid-configuration`);
      expect(renamed.status).toBe(421);
      expect(await renamed.text()).toContain(running.issuer);
    } finally {
      await running.close();
    }
  });
});

describe('environment', () => {
  test('names what is not what it must be', () => {
    expect(() => optionsFromEnvironment({ IDENTITY_PROVIDER_PORT: '80a' })).toThrow(
      'IDENTITY_PROVIDER_PORT is "80a"; it must be a port between 1 and 65535.',
    );
    expect(() => optionsFromEnvironment({ ACCESS_TOKEN_LIFE: '0' })).toThrow(/ACCESS_TOKEN_LIFE is "0"/);
  });

  test('moves the apps, and so their redirect URIs', () => {
    const { origins, port } = optionsFromEnvironment({ NEXT_WEB_PORT: '3100', ANGULAR_SPA_PORT: '' });
    expect(origins).toEqual({ nextWeb: 'http://localhost:3100', angularSpa: 'http://localhost:4200' });
    expect(port).toBe(4000);
  });
});

test('the request log has one line per protocol request, and no secret', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'identity-provider-'));
  const file = join(directory, 'requests.log');
  const { requestLog } = optionsFromEnvironment({ REQUEST_LOG: file });
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
