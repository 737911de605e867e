import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { formatHost, readSettings } from './settings.ts';

test('the host is localhost by default, and the variable HOST in a container', () => {
  expect(readSettings({}).host).toBe('localhost');
  expect(readSettings({ HOST: '' }).host).toBe('localhost');
  expect(readSettings({ HOST: '0.0.0.0' }).host).toBe('0.0.0.0');
  expect(['0.0.0.0', '::', 'api.internal'].map(formatHost)).toEqual(['0.0.0.0', '[::]', 'api.internal']);
});

test('the server listens at the address of HOST', { timeout: 60_000 }, async () => {
  // No machine has this address (RFC 5737), so the error names the address at which the server tried to listen.
  const HOST = '192.0.2.1';
  const server = spawn(process.execPath, [join(import.meta.dirname, '../dist/main.js')], {
    env: { ...process.env, HOST, NEST_API_PORT: '0', ISSUER: 'https://login.example.test' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [errors, [code]] = await Promise.all([text(server.stderr), once(server, 'exit')]);
  expect(errors).toContain(`EADDRNOTAVAIL: address not available ${HOST}`);
  expect(code).toBe(1);
});
