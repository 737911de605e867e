import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

/** An API that receives requests, and responds as the test decides. */
let api: Server;
let respond: Parameters<typeof createServer>[1];
let callApi: typeof fetch;

beforeEach(async () => {
  api = createServer((request, response) => respond?.(request, response));
  await new Promise<void>((resolve) => void api.listen(0, '127.0.0.1', resolve));
  const apiUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  vi.stubEnv('API_TIMEOUT', '200');
  vi.resetModules();
  vi.doMock('./auth', () => ({
    apiUrl,
    auth: { fetch: (...args: Parameters<typeof fetch>) => callApi(...args) },
  }));
  callApi = fetch;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  api.closeAllConnections();
  await new Promise((resolve) => api.close(resolve));
});

test('an API that never responds is reported as unavailable', async () => {
  respond = () => {};
  const { listItems, createItem } = await import('./items');
  expect(await listItems()).toEqual({ ok: false, reason: 'unavailable' });
  expect(await createItem('Milk')).toEqual({ ok: false, reason: 'unavailable' });
});

test('an API that never ends its response is reported as unavailable', async () => {
  respond = (_, response) => void response.writeHead(200).write('[');
  const { listItems } = await import('./items');
  expect(await listItems()).toEqual({ ok: false, reason: 'unavailable' });
});

test('the items of a response are returned', async () => {
  respond = (_, response) => void response.end('[{"id":"1"}]');
  const { listItems } = await import('./items');
  expect(await listItems()).toEqual({ ok: true, value: [{ id: '1' }] });
});

test('an error after the time-out that has another reason is thrown', async () => {
  const error = new Error('The login has ended.');
  callApi = async (_, init) => {
    await new Promise((resolve) => init?.signal?.addEventListener('abort', resolve));
    throw error;
  };
  const { listItems } = await import('./items');
  await expect(listItems()).rejects.toBe(error);
});

test.each(['5s', '0', '-1', ''])('API_TIMEOUT=%s is rejected with what is expected', async (text) => {
  vi.stubEnv('API_TIMEOUT', text);
  await expect(import('./items')).rejects.toThrow(
    `API_TIMEOUT is ${JSON.stringify(text)}, expected milliseconds, for example 5000.`,
  );
});
