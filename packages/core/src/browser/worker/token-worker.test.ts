import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { json } from '../../../tests/support/browser/browser-provider.ts';
import {
  createFormRequest,
  setUpTokenWorker,
  type WorkerSetup,
} from '../../../tests/support/browser/token-worker.ts';
import { createWorkerFetch } from './worker-fetch.ts';

let setup: WorkerSetup;
let provider: WorkerSetup['provider'];
let requestedUrls: WorkerSetup['requestedUrls'];
let toWorker: WorkerSetup['toWorker'];
let toPage: WorkerSetup['toPage'];
let startWorker: WorkerSetup['startWorker'];
beforeEach(async () => {
  setup = await setUpTokenWorker();
  ({ provider, requestedUrls, toWorker, toPage, startWorker } = setup);
});
afterEach(() => setup.close());

/** Sends a token request through the worker. */
const requestFromWorker = (createResponse: () => Response) => {
  provider.intercept = createResponse;
  const fetch = createWorkerFetch(startWorker(), { issuer: provider.issuer });
  return fetch(
    `${provider.issuer}/token`,
    createFormRequest({ grant_type: 'authorization_code', code: 'a' }),
  );
};

test('B8: returns a placeholder to the page, and sends the refresh token from the worker', async () => {
  const fetch = createWorkerFetch(startWorker(), { issuer: provider.issuer });
  provider.intercept = () => json({ access_token: 'access', refresh_token: 'real-refresh-token' });
  const url = `${provider.issuer}/token`;
  const first = await (
    await fetch(url, createFormRequest({ grant_type: 'authorization_code', code: 'a' }))
  ).json();
  expect(first.access_token).toBe('access');
  expect(first.refresh_token).toMatch(/^[\w-]{43}$/);
  await fetch(url, createFormRequest({ grant_type: 'refresh_token', refresh_token: first.refresh_token }));
  expect(provider.tokenRequests[1]?.parameters.get('refresh_token')).toBe('real-refresh-token');
  expect(JSON.stringify([toWorker, toPage])).not.toContain('real-refresh-token');
});

test.each(['', ' ', false, 7, null])('returns no placeholder for the refresh token %j', async (value) => {
  const response = await requestFromWorker(() => json({ access_token: 'access', refresh_token: value }));
  expect(await response.json()).toEqual({ access_token: 'access' });
});

test.each([
  ['another origin', 'https://evil.example/token'],
  ['another path of the provider', 'https://login.example/auth'],
  ['the endpoint with a query', 'https://login.example/token?to=https://evil.example'],
  ['a likely prefix', 'https://login.example.evil.example/token'],
])('B8: sends no request from the worker to %s', async (_, url) => {
  const fetch = createWorkerFetch(startWorker(), { issuer: provider.issuer });
  await expect(
    fetch(url, createFormRequest({ grant_type: 'refresh_token', refresh_token: 'r' })),
  ).rejects.toThrow(TypeError);
  expect(requestedUrls.filter((each) => each === url)).toEqual([]);
});

test('B8: ignores a second start message with another issuer', async () => {
  const worker = startWorker();
  createWorkerFetch(worker, { issuer: provider.issuer });
  const fetch = createWorkerFetch(worker, { issuer: 'https://evil.example' });
  const call = fetch(
    'https://evil.example/token',
    createFormRequest({ grant_type: 'refresh_token', refresh_token: 'r' }),
  );
  await expect(call).rejects.toThrow(TypeError);
  expect(requestedUrls.every((url) => url.startsWith(provider.issuer))).toBe(true);
});

test('B8: rejects metadata of another issuer', async () => {
  provider.metadata = { ...provider.metadata, issuer: 'https://other.example' };
  await expect(requestFromWorker(() => json({}))).rejects.toThrow(TypeError);
  expect(provider.tokenRequests).toEqual([]);
});

test('B8: sends no refresh token to an http endpoint', async () => {
  provider.metadata = { ...provider.metadata, token_endpoint: 'http://login.example/token' };
  const fetch = createWorkerFetch(startWorker(), { issuer: provider.issuer });
  const call = fetch(
    'http://login.example/token',
    createFormRequest({ grant_type: 'refresh_token', refresh_token: 'r' }),
  );
  await expect(call).rejects.toThrow(TypeError);
  expect(provider.tokenRequests).toEqual([]);
});

test('B8: sends no request if the issuer is not an https URL', async () => {
  const requests: string[] = [];
  vi.stubGlobal('fetch', async (url: string) => {
    requests.push(url);
    return json({});
  });
  const fetch = createWorkerFetch(startWorker(), { issuer: 'http://login.example' });
  const call = fetch(
    'http://login.example/token',
    createFormRequest({ grant_type: 'refresh_token', refresh_token: 'r' }),
  );
  await expect(call).rejects.toThrow(TypeError);
  expect(requests).toEqual([]);
});

test.each([
  ['text', () => new Response('refresh_token= real-refresh-token')],
  ['a list', () => json(['real-refresh-token'])],
  [
    'a refresh token that occurs twice',
    () => new Response('{"refresh_token":"real-refresh-token","refresh_token":"another"}'),
  ],
])('B8: forwards no refresh token of a response that is %s', async (_, createResponse) => {
  expect(await (await requestFromWorker(createResponse)).text()).toBe('');
  expect(JSON.stringify(toPage)).not.toContain('real-refresh-token');
});

test('B8: does not follow redirects in the worker', async () => {
  const modes: (string | undefined)[] = [];
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    modes.push(init.redirect);
    return provider.fetch(url, init);
  });
  await requestFromWorker(() => json({}));
  expect(modes).toEqual(['error', 'error']);
});

test('forwards errors, Retry-After and nonces to the page', async () => {
  const response = await requestFromWorker(() =>
    json(
      { error: 'invalid_grant' },
      { status: 400, headers: { 'content-type': 'application/json', 'dpop-nonce': 'n', 'retry-after': '3' } },
    ),
  );
  expect([response.status, await response.json()]).toEqual([400, { error: 'invalid_grant' }]);
  expect(response.headers.get('dpop-nonce')).toBe('n');
  expect(response.headers.get('retry-after')).toBe('3');
});

test('aborts a request in the worker if the page aborts it', async () => {
  let signal: AbortSignal | null | undefined;
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    if (!url.endsWith('/token')) return provider.fetch(url, init);
    signal = init.signal;
    return new Promise(() => {});
  });
  const fetch = createWorkerFetch(startWorker(), { issuer: provider.issuer });
  const control = new AbortController();
  const call = fetch(`${provider.issuer}/token`, {
    ...createFormRequest({ grant_type: 'refresh_token', refresh_token: 'r' }),
    signal: control.signal,
  });
  await vi.waitFor(() => expect(signal).toBeDefined());
  control.abort();
  await expect(call).rejects.toThrow();
  await vi.waitFor(() => expect(signal?.aborted).toBe(true));
});

test('sends a request without code or token from the page', async () => {
  const fetch = createWorkerFetch(startWorker(), { issuer: provider.issuer });
  await fetch(`${provider.issuer}/jwks`, {});
  expect(requestedUrls).toEqual([`${provider.issuer}/jwks`]);
  expect(toWorker.map(({ type }) => type)).toEqual(['start']);
});

test('uses static metadata instead of the metadata of the issuer', async () => {
  const metadata = {
    issuer: provider.issuer,
    token_endpoint: 'https://login.example/static',
    other: () => {},
  };
  const fetch = createWorkerFetch(startWorker(), { issuer: provider.issuer, metadata });
  await fetch(
    'https://login.example/static',
    createFormRequest({ grant_type: 'refresh_token', refresh_token: 'r' }),
  );
  expect(requestedUrls).toEqual(['https://login.example/static']);
  const other = fetch(
    `${provider.issuer}/token`,
    createFormRequest({ grant_type: 'refresh_token', refresh_token: 'r' }),
  );
  await expect(other).rejects.toThrow(TypeError);
});

test.each([
  ['of another issuer', { issuer: 'https://other.example', token_endpoint: 'https://other.example/token' }],
  [
    'with an http endpoint',
    { issuer: 'https://login.example', token_endpoint: 'http://login.example/token' },
  ],
])('B8: rejects static metadata %s', async (_, metadata) => {
  const fetch = createWorkerFetch(startWorker(), { issuer: provider.issuer, metadata });
  const call = fetch(
    metadata.token_endpoint,
    createFormRequest({ grant_type: 'refresh_token', refresh_token: 'r' }),
  );
  await expect(call).rejects.toThrow(TypeError);
  expect(requestedUrls).toEqual([]);
});

test('B8: ignores metadata in a later start message', async () => {
  const worker = startWorker();
  const metadata = { issuer: provider.issuer, token_endpoint: 'https://evil.example/token' };
  createWorkerFetch(worker, { issuer: provider.issuer });
  const fetch = createWorkerFetch(worker, { issuer: provider.issuer, metadata });
  const call = fetch(
    metadata.token_endpoint,
    createFormRequest({ grant_type: 'refresh_token', refresh_token: 'r' }),
  );
  await expect(call).rejects.toThrow(TypeError);
  expect(requestedUrls).not.toContain(metadata.token_endpoint);
});

test('uses separate fetch functions in the page and the worker', async () => {
  const sentByPage: string[] = [];
  const sentByWorker: string[] = [];
  const record = (urls: string[]) => async (url: string, init: RequestInit) => {
    urls.push(new URL(url).pathname);
    return provider.fetch(url, init);
  };
  const fetch = createWorkerFetch(startWorker({ fetch: record(sentByWorker) }), {
    issuer: provider.issuer,
    fetch: record(sentByPage),
  });
  await fetch(`${provider.issuer}/jwks`, {});
  await fetch(`${provider.issuer}/token`, createFormRequest({ grant_type: 'authorization_code', code: 'a' }));
  expect(sentByPage).toEqual(['/jwks']);
  expect(sentByWorker).toEqual(['/.well-known/openid-configuration', '/token']);
  expect(requestedUrls).toEqual([]);
});

test('B25: deletes a refresh token that the page revokes, even if the revocation fails', async () => {
  const fetch = createWorkerFetch(startWorker(), { issuer: provider.issuer });
  provider.intercept = () => json({ refresh_token: 'real-refresh-token' });
  const send = async (parameters: Record<string, string>, path = 'token') =>
    (await fetch(`${provider.issuer}/${path}`, createFormRequest(parameters))).json();
  const { refresh_token: placeholder } = await send({ grant_type: 'authorization_code', code: 'a' });
  vi.stubGlobal('fetch', async () => new Response('{}', { status: 503 }));
  await send({ token: placeholder }, 'revoke');
  vi.stubGlobal('fetch', provider.fetch);
  await send({ grant_type: 'refresh_token', refresh_token: placeholder });
  expect(provider.tokenRequests.at(-1)?.parameters.get('refresh_token')).toBe(placeholder);
});

test('evicts the oldest of more than 32 refresh tokens', async () => {
  const fetch = createWorkerFetch(startWorker(), { issuer: provider.issuer });
  const url = `${provider.issuer}/token`;
  provider.intercept = ({ parameters }) => json({ refresh_token: `real-${parameters.get('code')}` });
  const placeholders: string[] = [];
  for (let code = 0; code < 33; code++) {
    const response = await fetch(
      url,
      createFormRequest({ grant_type: 'authorization_code', code: String(code) }),
    );
    placeholders.push((await response.json()).refresh_token);
  }
  provider.intercept = () => json({});
  for (const index of [0, 1]) {
    await fetch(
      url,
      createFormRequest({ grant_type: 'refresh_token', refresh_token: placeholders[index] ?? '' }),
    );
  }
  const sent = provider.tokenRequests.slice(-2).map(({ parameters }) => parameters.get('refresh_token'));
  expect(sent).toEqual([placeholders[0], 'real-1']);
});
