// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import { createPage, startLogin } from '../../../tests/support/browser/browser-page.ts';
import { setUpTokenWorker, type WorkerSetup } from '../../../tests/support/browser/token-worker.ts';
import { TransportError } from '../../errors.ts';
import { createMemoryStorage } from '../state/token-storage.ts';
import { createWorkerFetch } from './worker-fetch.ts';

const leak = 'foreign-text-that-may-contain-a-token';

let setup: WorkerSetup;
let warn: MockInstance<typeof console.warn>;
beforeEach(async () => {
  setup = await setUpTokenWorker();
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  setup.close();
});

const seams = [
  'the custom fetch of the worker',
  'the promise of that fetch',
  'the global fetch of the worker',
  'the body of a response',
  'the message to the worker',
  'the random value of a key',
  'the message to the page',
  'the custom fetch of the page',
] as const;

/** Opens a page with a token worker, and logs a user in. `seam` throws while `state.throws` is true. */
async function openPage(seam: (typeof seams)[number]) {
  const { provider } = setup;
  const state = { throws: false, time: Date.now() };
  const throwFailure = (name: (typeof seams)[number]) => {
    if (state.throws && name === seam) throw new TypeError(leak);
  };
  const brokenBody = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          controller.error(new TypeError(leak));
        },
      }),
    );
  const send: typeof provider.fetch = (url, init) => {
    throwFailure('the custom fetch of the worker');
    if (state.throws && seam === 'the promise of that fetch') return Promise.reject(new TypeError(leak));
    if (state.throws && seam === 'the body of a response') return Promise.resolve(brokenBody());
    return provider.fetch(url, init);
  };
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    throwFailure('the global fetch of the worker');
    return provider.fetch(url, init);
  });
  const { getRandomValues } = crypto;
  vi.spyOn(crypto, 'getRandomValues').mockImplementation((values) => {
    throwFailure('the random value of a key');
    return getRandomValues.call(crypto, values);
  });
  const worker = setup.startWorker(seam === 'the global fetch of the worker' ? {} : { fetch: send }, {
    beforeMessageToWorker: ({ type }) =>
      void (type === 'request' && throwFailure('the message to the worker')),
    beforeMessageToPage: (message) => void ('response' in message && throwFailure('the message to the page')),
  });
  const page = createPage({
    issuer: provider.issuer,
    storage: createMemoryStorage(),
    now: () => state.time,
    onEvent: undefined,
    fetch: createWorkerFetch(worker, {
      issuer: provider.issuer,
      async fetch(url, init) {
        throwFailure('the custom fetch of the page');
        return provider.fetch(url, init);
      },
    }),
  });
  await page.auth.start();
  await page.auth.handleCallback(provider.approve(await startLogin(page)));
  return { ...page, state };
}

const readLines = () => warn.mock.calls.map(([line]) => String(line));

test.each(seams.slice(0, 7))(
  'B26: an exception of %s rejects a refresh with a typed error and one line, and the next one succeeds',
  async (seam) => {
    const { auth, state } = await openPage(seam);
    const refresh = () => auth.getAccessToken({ forceRefresh: true });
    expect(readLines()).toEqual([]);
    state.throws = true;
    const error = await refresh().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'network_error' });
    const lines = readLines();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('refresh.failed');
    expect(lines[0]).not.toContain(leak);
    state.throws = false;
    // A refresh that failed is followed by a pause.
    state.time += 60_000;
    expect(await refresh()).toMatchObject({ tokenType: 'Bearer' });
  },
);

test('B26: an exception of the custom fetch of the page rejects a login with a typed error and one line', async () => {
  const { auth, state } = await openPage('the custom fetch of the page');
  state.throws = true;
  // The metadata is requested again.
  state.time += 2 * 86_400_000;
  await expect(auth.login()).rejects.toMatchObject({ name: 'TransportError', code: 'network_error' });
  const lines = readLines();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('login.failed');
  expect(lines[0]).not.toContain(leak);
});

test('B26: a worker that cannot receive the end of a request does not make the page wait', async () => {
  const { provider } = setup;
  const worker = setup.startWorker(undefined, {
    beforeMessageToWorker({ type }) {
      if (type === 'abort') throw new TypeError(leak);
    },
  });
  provider.intercept = () => new Promise(() => {});
  const control = new AbortController();
  const fetch = createWorkerFetch(worker, { issuer: provider.issuer });
  const sent = fetch(`${provider.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'r' }),
    signal: control.signal,
  });
  await vi.waitFor(() => expect(provider.tokenRequests).toHaveLength(1));
  control.abort();
  await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
});

test('B26: a revocation that was not sent because of an exception can be repeated', async () => {
  const { issuer, fetch: send } = setup.provider;
  const bodies: string[] = [];
  const worker = setup.startWorker({
    async fetch(url, init) {
      if (init?.method !== 'POST') return send(url, init);
      bodies.push(String(init.body));
      return Response.json({ access_token: 'a', token_type: 'Bearer', refresh_token: 'real' });
    },
  });
  const fetch = createWorkerFetch(worker, { issuer });
  const post = (path: string, members: Record<string, string>) =>
    fetch(`${issuer}/${path}`, { method: 'POST', body: new URLSearchParams(members) });
  const { refresh_token: token } = await (await post('token', { grant_type: 'authorization_code' })).json();
  vi.spyOn(crypto, 'getRandomValues').mockImplementationOnce(() => {
    throw new TypeError(leak);
  });
  await expect(post('revoke', { token })).rejects.toThrow();
  await post('revoke', { token });
  expect(bodies.slice(1)).toEqual(['token=real']);
});
