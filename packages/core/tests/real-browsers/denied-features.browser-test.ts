import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createBrowserAuth } from '../../src/browser/browser-auth.ts';
import type { BrowserAuth } from '../../src/browser/browser-auth-types.ts';
import type { BrowserAuthSettings } from '../../src/browser/options.ts';
import { createWebStorage } from '../../src/browser/state/token-storage.ts';
import { createDpop } from '../../src/browser/wire/dpop.ts';
import { createWorkerFetch, type TokenWorker } from '../../src/browser/worker/worker-fetch.ts';
import type { AuthEvent } from '../../src/events.ts';
import { createTestProvider, type TestProvider } from '../support/browser/browser-provider.ts';
import { getOnlyLogin } from '../support/browser/visited-urls.ts';

// Browser features can be unavailable: in private windows, in frames of other sites, with blocked cookies, on plain http.
// In these tests, each feature is missing, throws when it is accessed, rejects, or never responds.

type Mode = 'is missing' | 'throws' | 'rejects' | 'never responds';

const realSetTimeout = globalThis.setTimeout;
const waitForever = () => new Promise<never>(() => {});
const deny = (): never => {
  throw new DOMException('The operation is insecure.', 'SecurityError');
};

/** A feature of the global scope or of `navigator`, and how it fails after it was accessed. */
const features: Record<string, { owner?: object; name: string; fails?(mode: Mode): unknown }> = {
  BroadcastChannel: {
    name: 'BroadcastChannel',
    fails: () =>
      class {
        postMessage = deny;
        close() {}
      },
  },
  'Web Locks': {
    owner: navigator,
    name: 'locks',
    fails: (mode) => ({ request: mode === 'rejects' ? async () => deny() : waitForever }),
  },
  IndexedDB: {
    name: 'indexedDB',
    fails: (mode) => ({
      open() {
        const request: { error?: unknown; onerror?: () => void } = {};
        request.error = new DOMException('A mutation operation was attempted.', 'InvalidStateError');
        if (mode === 'rejects') queueMicrotask(() => request.onerror?.());
        return request;
      },
    }),
  },
  sessionStorage: {
    name: 'sessionStorage',
    fails: () => ({ getItem: deny, setItem: deny, removeItem: deny }),
  },
  // Without it, only messages report a logout.
  localStorage: {
    name: 'localStorage',
    fails: () => ({ getItem: deny, setItem: deny }),
  },
};

/** Features without which a login with them fails: they are replaced in tests of their own. */
const requiredFeatures: typeof features = { Worker: { name: 'Worker' } };

let restore: () => void;
let clients: BrowserAuth[];
let warnings: string[];

beforeEach(() => {
  restore = () => {};
  clients = [];
  warnings = [];
  vi.spyOn(console, 'warn').mockImplementation((text: string) => void warnings.push(text));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  restore();
  for (const auth of clients) auth.stop();
  vi.restoreAllMocks();
});

function replaceFeature(name: string, mode: Mode): void {
  const {
    owner = globalThis,
    name: property,
    fails,
  } = (features[name] ?? requiredFeatures[name]) as (typeof features)[string];
  const descriptor = Object.getOwnPropertyDescriptor(owner, property);
  const get = () => {
    if (mode === 'is missing') return undefined;
    return mode === 'throws' ? deny() : fails?.(mode);
  };
  Object.defineProperty(owner, property, { get, configurable: true });
  restore = () => {
    if (descriptor) Object.defineProperty(owner, property, descriptor);
    else Reflect.deleteProperty(owner, property);
  };
}

/** Waits for a result and advances the timers. */
async function settle<T>(run: Promise<T>): Promise<T> {
  let isSettled = false;
  const finish = () => {
    isSettled = true;
  };
  run.then(finish, finish);
  for (let step = 0; !isSettled && step < 3_000; step++) {
    // Databases and messages of the browser do not use the replaced timers, so they run first.
    await new Promise((resolve) => realSetTimeout(resolve, 4));
    await vi.advanceTimersByTimeAsync(20);
  }
  return Promise.race([run, Promise.reject(new Error('The operation does not settle.'))]);
}

let serial = 0;
function openTab(
  provider: TestProvider,
  options: Partial<BrowserAuthSettings & { readonly issuer: string }>,
) {
  const visited: string[] = [];
  const events: AuthEvent[] = [];
  const auth = createBrowserAuth({
    issuer: provider.issuer,
    clientId: `denied ${Date.now()} ${serial++}`,
    redirectUri: 'https://app.example/callback',
    scope: 'openid offline_access',
    fetch: provider.fetch,
    navigate: (url) => void visited.push(url),
    onEvent: (event) => void events.push(event),
    ...options,
  });
  clients.push(auth);
  return { auth, visited, events };
}

const modes: Mode[] = ['is missing', 'throws', 'rejects', 'never responds'];

describe.each(Object.keys(features))('%s', (feature) => {
  for (const reach of ['memory', 'tab', 'shared'] as const) {
    test.each(modes)(
      `%s: one tab logs in, refreshes and logs out with the storage "${reach}"`,
      async (mode) => {
        const provider = await createTestProvider(Date.now);
        replaceFeature(feature, mode);
        const storage = reach === 'memory' ? {} : { storage: createWebStorage(reach) };
        const { auth, visited, events } = openTab(provider, storage);
        expect(await settle(auth.start())).toEqual({});
        expect(auth.snapshot()).toEqual({ status: 'signed-out' });
        await settle(auth.login());
        await settle(auth.handleCallback(provider.approve(getOnlyLogin(visited))));
        expect(auth.snapshot().status).toBe('signed-in');
        const requests = Array.from({ length: 5 }, () => auth.getAccessToken({ forceRefresh: true }));
        const tokens = await settle(Promise.all(requests));
        expect(tokens.every(({ accessToken }) => accessToken.length > 0)).toBe(true);
        const refreshes = provider.tokenRequests.filter(
          ({ parameters }) => parameters.get('grant_type') === 'refresh_token',
        );
        expect(refreshes).toHaveLength(1);
        // A later refresh, after an API rejected the token.
        await settle(auth.getAccessToken({ rejectedToken: tokens[0]?.accessToken }));
        await settle(auth.logout({ localOnly: true }));
        expect(auth.snapshot()).toEqual({ status: 'signed-out' });

        // Each missing feature is reported once.
        const isUsed =
          feature === 'BroadcastChannel'
            ? mode === 'is missing' || mode === 'throws'
            : feature === 'sessionStorage'
              ? reach === 'tab'
              : feature !== 'localStorage' && reach === 'shared';
        expect(warnings.filter((text) => text.includes(feature))).toHaveLength(isUsed ? 1 : 0);
        const reports = events.filter(({ type }) => type === 'browser.feature_missing');
        expect(reports).toEqual(isUsed ? [{ type: 'browser.feature_missing', feature }] : []);
        expect(warnings.join()).not.toMatch(/access-|refresh-|code-/);
      },
    );
  }
});

test.each(modes)('IndexedDB %s: the error of DPoP names the missing feature', async (mode) => {
  const provider = await createTestProvider(Date.now);
  replaceFeature('IndexedDB', mode);
  const { auth } = openTab(provider, { dpop: createDpop });
  await settle(auth.start());
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(settle(auth.login())).rejects.toMatchObject({
      code: 'unsupported_by_browser',
      message: expect.stringMatching(/^IndexedDB is not available.*DPoP.*Allow cookies/),
    });
  }
});

test.each(modes.slice(0, 2))('sessionStorage %s: rejects a login that navigates', async (mode) => {
  const provider = await createTestProvider(Date.now);
  replaceFeature('sessionStorage', mode);
  const { auth } = openTab(provider, { navigate: undefined as never });
  await settle(auth.start());
  await expect(settle(auth.login())).rejects.toMatchObject({ code: 'unsupported_by_browser' });
  expect(auth.snapshot()).toMatchObject({
    status: 'signed-out',
    error: { code: 'unsupported_by_browser' },
  });
});

test.each(modes.slice(0, 2))(
  'Worker %s: rejects a login with a token worker before it navigates',
  async (mode) => {
    const provider = await createTestProvider(Date.now);
    replaceFeature('Worker', mode);
    const createWorker = () => new Worker('/token-worker.js', { type: 'module' }) as unknown as TokenWorker;
    const fetch = createWorkerFetch(createWorker, { issuer: provider.issuer, fetch: provider.fetch });
    const { auth, visited } = openTab(provider, { fetch });
    await settle(auth.start());
    const error = {
      code: 'unsupported_by_browser',
      message: expect.stringMatching(/^Worker is not available/),
    };
    await expect(settle(auth.login())).rejects.toMatchObject(error);
    expect(auth.snapshot()).toMatchObject({ status: 'signed-out', error });
    expect(visited).toEqual([]);
  },
);

test('IndexedDB fails for a moment: the key of DPoP is loaded by the next call', async () => {
  const provider = await createTestProvider(Date.now);
  const { auth, visited } = openTab(provider, { dpop: createDpop });
  await settle(auth.start());
  const open = vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
    throw new DOMException('Internal error.', 'UnknownError');
  });
  await expect(settle(auth.login())).rejects.toMatchObject({ code: 'store_unavailable' });
  open.mockRestore();
  await settle(auth.login());
  expect(visited).toHaveLength(1);
});

test('crypto.subtle is missing: start() and login() fail, and the error names https', async () => {
  const provider = await createTestProvider(Date.now);
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'crypto') as PropertyDescriptor;
  Object.defineProperty(globalThis, 'crypto', { value: {}, configurable: true });
  restore = () => Object.defineProperty(globalThis, 'crypto', descriptor);
  const { auth } = openTab(provider, {});
  expect(await settle(auth.start())).toEqual({});
  const error = { code: 'unsupported_by_browser', message: expect.stringMatching(/https and localhost/) };
  expect(auth.snapshot()).toMatchObject({ status: 'error', error });
  await expect(settle(auth.login())).rejects.toMatchObject(error);
});

test('start() fails if the storage of the application never responds', async () => {
  const provider = await createTestProvider(Date.now);
  const storage = {
    reach: 'shared' as const,
    get: waitForever,
    set: waitForever,
    remove: waitForever,
    update: waitForever,
  };
  const { auth } = openTab(provider, { storage });
  await settle(auth.start());
  expect(auth.snapshot()).toMatchObject({ status: 'error', error: { code: 'store_unavailable' } });
});

test('a temporary failure of IndexedDB does not end the login', async () => {
  const provider = await createTestProvider(Date.now);
  const clientId = `temporary ${Date.now()}`;
  const first = openTab(provider, { clientId, storage: createWebStorage('shared') });
  await settle(first.auth.start());
  await settle(first.auth.login());
  await settle(first.auth.handleCallback(provider.approve(getOnlyLogin(first.visited))));
  const open = vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
    throw new DOMException('Internal error.', 'UnknownError');
  });
  const second = openTab(provider, { clientId, storage: createWebStorage('shared') });
  await settle(second.auth.start());
  expect(second.auth.snapshot()).toMatchObject({ status: 'error', error: { code: 'store_unavailable' } });
  open.mockRestore();
  const third = openTab(provider, { clientId, storage: createWebStorage('shared') });
  await settle(third.auth.start());
  expect(third.auth.snapshot().status).toBe('signed-in');
});
