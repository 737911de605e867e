import { afterEach, beforeEach, expect, test, vi } from 'vitest';

// The environment jsdom of Jest 29 has none of these. The packages are loaded after they were removed.
const missing: [object, string][] = [
  [globalThis, 'TextEncoder'],
  [globalThis, 'TextDecoder'],
  [globalThis, 'ReadableStream'],
  [URL, 'canParse'],
  [URL, 'parse'],
  [AbortSignal, 'timeout'],
];
let restore: (() => void)[];

// Node loads its implementation of `fetch` at the first use, and that needs `TextDecoder`.
new Headers();

beforeEach(() => {
  vi.resetModules();
  restore = missing.map(([owner, name]) => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name) as PropertyDescriptor;
    Reflect.deleteProperty(owner, name);
    return () => void Object.defineProperty(owner, name, descriptor);
  });
  vi.stubGlobal('document', { baseURI: 'https://app.example/' });
});
afterEach(() => {
  for (const each of restore) each();
  vi.unstubAllGlobals();
});

test('the interceptor replaces a rejected token in an environment without newer functions', async () => {
  const { acceptOnly, api, get, post } = await import('./support/fake-client.ts');
  const { createHarness } = await import('./support/interceptor-harness.ts');
  const { send, tokens } = createHarness([{ url: api, except: ['public'] }]);
  await send(get(api), acceptOnly('Bearer token-2'));
  await send(post(`${api}/1`, { name: 'x' }), acceptOnly('Bearer token-2'));
  await send(get(`${api}/public`));
  await send(get('https://'));
  expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-2', 'Bearer token-2', null, null]);
});

test('a client is created in an environment without newer functions', async () => {
  const { createBrowserAuth } = await import('@countersign/core/browser');
  const options = { issuer: 'https://login.example', clientId: 'spa' };
  const auth = createBrowserAuth({ ...options, redirectUri: 'https://app.example/callback' });
  expect(auth.snapshot()).toEqual({ status: 'loading' });
  expect(() => createBrowserAuth({ ...options, redirectUri: 'callback' })).toThrow('absolute URL');
});

test('a failed callback returns its error in an environment without newer functions', async () => {
  const href = 'https://app.example/auth/callback?error=access_denied&state=unknown';
  const location = new URL(href);
  const items = new Map<string, string>();
  vi.stubGlobal('location', location);
  vi.stubGlobal('window', { name: '' });
  vi.stubGlobal('history', {
    state: null,
    replaceState: (_state: unknown, _title: string, url: string) => {
      location.href = url;
    },
  });
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
    removeItem: (name: string) => void items.delete(name),
  });
  const { createBrowserAuth } = await import('@countersign/core/browser');
  const auth = createBrowserAuth({
    issuer: 'https://login.example',
    clientId: 'spa',
    redirectUri: 'https://app.example/auth/callback',
    onEvent: () => {},
  });
  const { error } = await auth.start();
  expect(error).toMatchObject({ code: 'transaction_invalid' });
  expect([...items.values()]).toEqual([expect.stringMatching(/ \/auth\/$/)]);
  auth.stop();
});
