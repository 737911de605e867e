import { runInNewContext } from 'node:vm';
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
const { ReadableStream: NodeReadableStream } = globalThis;

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
  vi.unstubAllGlobals();
  for (const each of restore) each();
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

/** Adds the functions that a setup file of Jest takes from Node. Their arrays belong to another realm than the page. */
function addNodeFunctions(): void {
  const ForeignArray: Uint8ArrayConstructor = runInNewContext('Uint8Array');
  class ForeignEncoder {
    encode = (text: string) => ForeignArray.from(Buffer.from(text));
  }
  class ForeignDecoder {
    decode = (bytes: Uint8Array) => Buffer.from(bytes).toString();
  }
  vi.stubGlobal('TextEncoder', ForeignEncoder);
  vi.stubGlobal('TextDecoder', ForeignDecoder);
  // The responses of Node need it.
  vi.stubGlobal('ReadableStream', NodeReadableStream);
}

test('a login verifies the ID token with the functions that a setup file of Jest adds', async () => {
  addNodeFunctions();
  vi.stubGlobal('location', new URL('https://app.example/'));
  vi.stubGlobal('window', { name: '' });
  const { createBrowserAuth } = await import('@countersign/core/browser');
  const { createTestProvider } = await import('../../core/tests/support/browser/browser-provider.ts');
  const provider = await createTestProvider(Date.now);
  let visited = '';
  const auth = createBrowserAuth({
    issuer: provider.issuer,
    clientId: 'spa',
    redirectUri: 'https://app.example/callback',
    fetch: provider.fetch,
    onEvent: () => {},
    navigate: (url) => {
      visited = url;
    },
  });
  await auth.start();
  provider.claims = (claims) => ({ ...claims, aud: 'other' });
  await auth.login();
  await expect(auth.handleCallback(provider.approve(visited))).rejects.toMatchObject({ check: 'aud' });
  provider.claims = (claims) => claims;
  await auth.login();
  await auth.handleCallback(provider.approve(visited));
  expect(auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'user-1' } });
  auth.stop();
});
