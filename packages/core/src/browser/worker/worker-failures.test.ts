// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { json } from '../../../tests/support/browser/browser-provider.ts';
import {
  createFormRequest,
  setUpTokenWorker,
  type WorkerSetup,
} from '../../../tests/support/browser/token-worker.ts';
import { malformedTokenResponses } from '../../../tests/support/malformed-token-responses.ts';
import type { Fetch } from '../../internal/fetch/bounded-fetch.ts';
import { createBrowserAuth } from '../browser-auth.ts';
import { createWorkerFetch, type TokenWorker } from './worker-fetch.ts';

let setup: WorkerSetup;
let provider: WorkerSetup['provider'];
let toWorker: WorkerSetup['toWorker'];
let startWorker: WorkerSetup['startWorker'];
beforeEach(async () => {
  setup = await setUpTokenWorker();
  ({ provider, toWorker, startWorker } = setup);
});
afterEach(() => setup.close());

test('B26: rejects pending and later requests immediately if the worker cannot be loaded', async () => {
  const worker: TokenWorker = { onmessage: null, postMessage: (message) => void toWorker.push(message) };
  const fetch = createWorkerFetch(worker, { issuer: provider.issuer });
  const send = () =>
    fetch(`${provider.issuer}/token`, createFormRequest({ grant_type: 'refresh_token', refresh_token: 'r' }));
  const waiting = send();
  worker.onerror?.({} as ErrorEvent);
  const failure = { code: 'unsupported_by_browser', message: expect.stringContaining('worker-src') };
  await expect(waiting).rejects.toMatchObject(failure);
  await expect(send()).rejects.toMatchObject(failure);
  expect(toWorker.map(({ type }) => type)).toEqual(['start', 'request']);
});

test('B26: rejects only one request after an error in the worker', async () => {
  const worker = startWorker();
  const fetch = createWorkerFetch(worker, { issuer: provider.issuer });
  const send = () =>
    fetch(`${provider.issuer}/token`, createFormRequest({ grant_type: 'refresh_token', refresh_token: 'r' }));
  for (const junk of [null, undefined, 7, {}, { type: 'request', id: 5, url: 7, body: null, headers: null }])
    worker.postMessage(junk as never);
  provider.intercept = () => {
    throw new TypeError('failed to fetch');
  };
  await expect(send()).rejects.toThrow('The token worker rejected the request');
  provider.intercept = () => json({ access_token: 'access' });
  expect(await (await send()).json()).toEqual({ access_token: 'access' });
});

test('B26: ignores malformed messages in the page', async () => {
  const worker = startWorker();
  const fetch = createWorkerFetch(worker, { issuer: provider.issuer });
  provider.intercept = () => json({ access_token: 'access' });
  for (const junk of [null, undefined, 7, {}]) worker.onmessage?.({ data: junk } as MessageEvent);
  const response = await fetch(
    `${provider.issuer}/token`,
    createFormRequest({ grant_type: 'refresh_token' }),
  );
  expect(await response.json()).toEqual({ access_token: 'access' });
});

test('rejects each request with the reason if the worker cannot be created', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const fetch = createWorkerFetch(
    () => {
      throw new TypeError('This document requires TrustedScriptURL assignment.');
    },
    { issuer: provider.issuer },
  );
  const call = fetch(
    `${provider.issuer}/token`,
    createFormRequest({ grant_type: 'refresh_token', refresh_token: 'r' }),
  );
  await expect(call).rejects.toMatchObject({
    code: 'unsupported_by_browser',
    message: expect.stringContaining('Trusted Types'),
  });
  expect(warn).toHaveBeenCalledTimes(1);
  expect((await fetch(`${provider.issuer}/jwks`, {})).status).toBe(200);
});

describe('a login', () => {
  const createClient = (fetch: Fetch) => {
    const visited: string[] = [];
    const auth = createBrowserAuth({
      issuer: provider.issuer,
      clientId: 'spa',
      redirectUri: 'https://app.example/callback',
      fetch,
      navigate: (url) => void visited.push(url),
    });
    return { auth, visited };
  };
  beforeEach(() => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    vi.stubGlobal('window', { name: '' });
    vi.stubGlobal('location', new URL('https://app.example/'));
  });

  test.each([
    ['is missing', undefined],
    [
      'throws',
      class {
        constructor() {
          throw new DOMException('The operation is insecure.', 'SecurityError');
        }
      },
    ],
  ])('does not leave the page if Worker %s', async (_, Worker) => {
    vi.stubGlobal('Worker', Worker);
    const createWorker = () => new globalThis.Worker('/token-worker.js') as unknown as TokenWorker;
    const { auth, visited } = createClient(createWorkerFetch(createWorker, { issuer: provider.issuer }));
    await expect(auth.login()).rejects.toMatchObject({
      code: 'unsupported_by_browser',
      message: expect.stringMatching(/^Worker is not available to this page.*remove the token worker/),
    });
    expect(visited).toEqual([]);
  });

  test('does not leave the page if the script of the worker cannot be loaded', async () => {
    const worker: TokenWorker = { onmessage: null, postMessage: () => {} };
    const { auth, visited } = createClient(createWorkerFetch(worker, { issuer: provider.issuer }));
    worker.onerror?.({} as ErrorEvent);
    await expect(auth.login()).rejects.toMatchObject({ code: 'unsupported_by_browser' });
    expect(visited).toEqual([]);
  });

  test('leaves the page after the worker has ended: the next page creates a new one', async () => {
    const { waiting, endWorker } = stubLocks();
    const { auth, visited } = createClient(createWorkerFetch(startWorker(), { issuer: provider.issuer }));
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    endWorker();
    await auth.login();
    expect(visited).toHaveLength(1);
  });
});

/** Stubs the locks of one origin. `endWorker` grants the waiting requests. */
function stubLocks() {
  const heldLocks = new Set<string>();
  const waiting: (() => void)[] = [];
  vi.stubGlobal('navigator', {
    locks: {
      async request(name: string, run: () => unknown) {
        if (heldLocks.has(name)) await new Promise<void>((resolve) => waiting.push(resolve));
        heldLocks.add(name);
        return run();
      },
    },
  });
  return {
    waiting,
    endWorker() {
      for (const grant of waiting) grant();
    },
  };
}

test('B26: rejects pending and later requests immediately after the worker has ended', async () => {
  const { waiting, endWorker } = stubLocks();
  const fetch = createWorkerFetch(startWorker(), { issuer: provider.issuer });
  await vi.waitFor(() => expect(waiting).toHaveLength(1));
  provider.intercept = () => new Promise(() => {});
  const send = () =>
    fetch(`${provider.issuer}/token`, createFormRequest({ grant_type: 'refresh_token', refresh_token: 'r' }));
  const waitingRequest = send();
  await vi.waitFor(() => expect(provider.tokenRequests).toHaveLength(1));
  endWorker();
  const failure = { code: 'network_error', message: expect.stringContaining('Reload the page') };
  await expect(waitingRequest).rejects.toMatchObject(failure);
  await expect(send()).rejects.toMatchObject(failure);
  expect(provider.tokenRequests).toHaveLength(1);
});

test.each(Object.entries(malformedTokenResponses))(
  'K11: keeps the refresh token of a response with %s in the worker',
  async (_, change) => {
    const fetch = createWorkerFetch(startWorker(), { issuer: provider.issuer });
    const send = async (refreshToken: string) => {
      const form = createFormRequest({ grant_type: 'refresh_token', refresh_token: refreshToken });
      return (await fetch(`${provider.issuer}/token`, form)).text();
    };
    const headers = { 'content-type': 'application/json' };
    const tokens = { access_token: 'access', refresh_token: 'secret', id_token: 'id' };
    provider.intercept = () => new Response(change(JSON.stringify(tokens)), { headers });
    const body = await send('');
    expect(body).not.toContain('secret');
    const { refresh_token: placeholder, ...others } = JSON.parse(body) as Record<string, string>;
    expect(others).toEqual({ id_token: 'id' });
    provider.intercept = () => json({ access_token: 'access' });
    await send(placeholder ?? '');
    expect(provider.tokenRequests.at(-1)?.parameters.get('refresh_token')).toBe('secret');
    // An error response contains no token.
    provider.intercept = () => new Response(change(JSON.stringify(tokens)), { headers, status: 400 });
    expect(await send('')).not.toContain('refresh_token');
  },
);

test('replaces the refresh token of a form', async () => {
  const fetch = createWorkerFetch(startWorker(), { issuer: provider.issuer });
  const form = createFormRequest({ grant_type: 'authorization_code', code: 'a' });
  provider.intercept = () => new Response('access_token=access&refresh_token=secret');
  const body = await (await fetch(`${provider.issuer}/token`, form)).text();
  expect(body).not.toContain('secret');
  expect(JSON.parse(body)).toMatchObject({ access_token: 'access', refresh_token: expect.any(String) });
});
