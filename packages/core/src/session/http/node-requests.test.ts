// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test, vi } from 'vitest';
import { createWebApp } from '../../../tests/support/web-browser.ts';
import { handleNodeRequest, type NodeRequest, openNodeSession, readNodeHeaders } from './node-requests.ts';

/** The members of a Node response that a session uses. */
function createResponse(setCookie?: string | string[]) {
  const headers = new Map<string, string | readonly string[]>();
  if (setCookie !== undefined) headers.set('set-cookie', setCookie);
  return {
    headersSent: false,
    getHeader: (name: string) => headers.get(name),
    setHeader: (name: string, value: string | readonly string[]) => headers.set(name, value),
    headers,
  };
}

async function startSession() {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  return { ...app, req: { headers: { cookie: browser.header() } } };
}

test('shares one session per request, and sets its cookie once', async () => {
  const { sessions, req } = await startSession();
  for (const existing of ['theme=dark', ['theme=dark', 'language=en']]) {
    const request = { ...req };
    const res = createResponse(existing);
    const first = await openNodeSession(sessions, request, res);
    first.save();
    expect([...res.headers.keys()]).toEqual(['set-cookie', 'cache-control', 'vary']);
    await first.requestSession.update(() => ({ a: 1 }));
    first.save();
    const second = await openNodeSession(sessions, request, res);
    await second.requestSession.update((data) => ({ ...data, b: 2 }));
    second.save();
    const lines = [res.headers.get('set-cookie') ?? []].flat();
    expect(lines.slice(0, -1)).toEqual([existing].flat());
    const updated = await sessions.open(lines.at(-1)?.split(';')[0]);
    expect(updated.session?.data).toEqual({ a: 1, b: 2 });
    expect(res.headers.get('cache-control')).toBe('private, no-store');
  }
});

test.each([
  [{}, 'private, no-store', 'Cookie'],
  [{ 'cache-control': 'private, max-age=60', vary: 'Accept' }, 'private, max-age=60', 'Accept, Cookie'],
  [{ vary: ['Accept', 'cookie'] }, 'private, no-store', 'Accept, cookie'],
  [{ vary: '*' }, 'private, no-store', '*'],
])(
  'S62: marks responses as private, except for headers of the application: %j',
  async (applicationHeaders, cacheControl, vary) => {
    const { sessions, req } = await startSession();
    for (const request of [req, { headers: {} }]) {
      const res = createResponse();
      for (const [name, value] of Object.entries(applicationHeaders)) res.headers.set(name, value);
      await openNodeSession(sessions, { ...request }, res);
      expect(res.headers.get('cache-control')).toBe(cacheControl);
      expect(res.headers.get('vary')).toBe(vary);
    }
  },
);

test('S62: makes a response with a session cookie private even if the application allows caches to store it', async () => {
  const { sessions, req } = await startSession();
  const res = createResponse();
  const { requestSession, save } = await openNodeSession(sessions, req, res);
  res.setHeader('cache-control', 'public, max-age=60');
  save();
  expect(res.headers.get('cache-control')).toBe('public, max-age=60');
  await requestSession.update(() => ({ a: 1 }));
  save();
  expect(res.headers.get('cache-control')).toBe('private, no-store');
});

test.each([
  [undefined, 'rejected'],
  ['max-age=60', 'rejected'],
  ['private', 'fulfilled'],
  ['max-age=0, no-store', 'fulfilled'],
  ['no-cache, no-transform', 'fulfilled'],
])('S62: the first use after the headers were sent, with Cache-Control: %s, is %s', async (value, status) => {
  const { sessions, req } = await startSession();
  const res = createResponse();
  if (value !== undefined) res.setHeader('cache-control', value);
  res.headersSent = true;
  const [result] = await Promise.allSettled([openNodeSession(sessions, req, res)]);
  expect(result?.status).toBe(status);
  if (result?.status === 'rejected') expect(result.reason).toMatchObject({ code: 'shared_cache' });
});

test('S62: marks a response as private before the session was read', async () => {
  const { sessions, req } = await startSession();
  const res = createResponse();
  const opening = openNodeSession(sessions, req, res);
  expect(res.headers.get('cache-control')).toBe('private, no-store');
  res.headersSent = true;
  await opening;
});

test('rejects refreshes and changes of the session after the headers were sent', async () => {
  const { sessions, server, req } = await startSession();
  const res = createResponse();
  const { requestSession } = await openNodeSession(sessions, req, res);
  res.headersSent = true;
  const wrongContext = { code: 'wrong_context' };
  await expect(requestSession.getAccessToken({ forceRefresh: true })).rejects.toMatchObject(wrongContext);
  await expect(requestSession.update(() => ({ a: 1 }))).rejects.toMatchObject(wrongContext);
  expect(server.requestsTo('token')).toHaveLength(1);
});

test('reads the host of an HTTP/2 request and drops its pseudo-header fields', () => {
  const pseudo = { ':method': 'GET', ':path': '/', ':authority': 'app.example' };
  expect([...readNodeHeaders({ headers: { ...pseudo, cookie: 'a=1' } })]).toEqual([
    ['cookie', 'a=1'],
    ['host', 'app.example'],
  ]);
  expect(readNodeHeaders({ headers: { ...pseudo, host: 'other.example' } }).get('host')).toBe(
    'other.example',
  );
});

/** Handles a request, and returns the response that Node sends. */
async function handle(handler: (request: Request) => Promise<Response>, req: Partial<NodeRequest>) {
  const headers = new Headers();
  const sent = { statusCode: 0, headersSent: false, headers, body: '' };
  await handleNodeRequest(
    handler,
    { method: 'GET', url: '/', headers: {}, ...req },
    Object.assign(sent, {
      getHeader: (name: string) => headers.get(name) ?? undefined,
      setHeader: (name: string, value: string | readonly string[]) => headers.set(name, String(value)),
      appendHeader: (name: string, value: string) => headers.append(name, value),
      end: (text: string) => {
        sent.body = text;
      },
    }),
  );
  return sent;
}

test.each(['//', '*', '@evil.example/', ':99999', 'https://evil.example/', '', undefined])(
  'S11: treats the request target %j as a path of this server',
  async (url) => {
    let host: string | undefined;
    const handler = async (request: Request) => {
      host = new URL(request.url).host;
      return new Response('ok');
    };
    expect(await handle(handler, { url })).toMatchObject({ statusCode: 200, body: 'ok' });
    expect(host).toBe('localhost');
  },
);

test.each([{ method: 'TRACE' }, { method: 'GE T' }, { headers: { 'x-name': 'line\nbreak' } }])(
  'S11: rejects an invalid request with 400: %j',
  async (req) => {
    const handler = async () => expect.unreachable();
    expect(await handle(handler, req)).toMatchObject({ statusCode: 400 });
  },
);

test('S64: responds to an exception of the function with an error, and reports it', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const handler = async () => {
    throw new TypeError('foreign text');
  };
  const { statusCode, headers, body } = await handle(handler, {});
  expect(statusCode).toBe(500);
  expect(headers.get('cache-control')).toBe('private, no-store');
  expect(body).not.toContain('foreign text');
  expect(log).toHaveBeenCalledTimes(1);
  log.mockRestore();
});
