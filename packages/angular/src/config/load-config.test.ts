import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test, vi } from 'vitest';
import { loadConfig } from './load-config.ts';

const responses: Readonly<Record<string, readonly [number, string]>> = {
  '/auth.json': [200, '{"issuer":"https://login.example","clientId":"app"}'],
  '/page': [200, '<!doctype html><title>The application</title>'],
  '/list': [200, '["https://login.example"]'],
};
const server = createServer(({ url = '' }, response) => {
  const [status, text] = responses[url] ?? [404, 'Not found'];
  response.writeHead(status, { 'access-control-allow-origin': '*' }).end(text);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
vi.stubGlobal('document', { baseURI: `${origin}/` });
afterAll(() => {
  vi.unstubAllGlobals();
  server.close();
});

test('loads a configuration from a relative or absolute URL', async () => {
  expect(await loadConfig('auth.json')()).toEqual({
    issuer: 'https://login.example',
    clientId: 'app',
  });
  expect(await loadConfig(new URL('/auth.json', origin))()).toMatchObject({ clientId: 'app' });
});

test.each([
  ['/nothing', 'missing_option', /status 404/],
  ['/page', 'invalid_option', /is not a JSON object/],
  ['/list', 'invalid_option', /is not a JSON object/],
])('rejects %s with %s', async (path, code, message) => {
  await expect(loadConfig(path)()).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
});

test('throws a TransportError if the server cannot be reached', async () => {
  await expect(loadConfig('http://127.0.0.1:1/auth.json')()).rejects.toMatchObject({ code: 'network_error' });
});

test('without a network, loads the file of the HTTP cache', async () => {
  const modes: (string | undefined)[] = [];
  vi.stubGlobal('fetch', async (_url: string, init: RequestInit) => {
    modes.push(init.cache);
    if (init.cache !== 'force-cache') throw new TypeError('Failed to fetch');
    return new Response('{"clientId":"app"}');
  });
  expect(await loadConfig('/auth.json')()).toEqual({ clientId: 'app' });
  expect(modes).toEqual(['no-cache', 'force-cache']);
});
