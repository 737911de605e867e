// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { createWebApp } from '../../../tests/support/web-browser.ts';
import { openNodeSession, readNodeHeaders } from './node-requests.ts';

/** As much of an answer of Node's server as a session needs. */
function createAnswer(setCookie?: string | string[]) {
  const headers = new Map<string, string | readonly string[]>();
  if (setCookie !== undefined) headers.set('set-cookie', setCookie);
  return {
    headersSent: false,
    getHeader: (name: string) => headers.get(name),
    setHeader: (name: string, value: string | readonly string[]) => headers.set(name, value),
    headers,
  };
}

async function signedIn() {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  return { ...app, req: { headers: { cookie: browser.header() } } };
}

test('who asks for the session of the same request is given the same, and the answer has its cookie once', async () => {
  const { sessions, req } = await signedIn();
  for (const before of ['theme=dark', ['theme=dark', 'language=en']]) {
    const request = { ...req };
    const res = createAnswer(before);
    const first = await openNodeSession(sessions, request, res);
    first.save();
    expect([...res.headers.keys()]).toEqual(['set-cookie', 'cache-control', 'vary']);
    await first.requestSession.update(() => ({ a: 1 }));
    first.save();
    const second = await openNodeSession(sessions, request, res);
    await second.requestSession.update((data) => ({ ...data, b: 2 }));
    second.save();
    const lines = [res.headers.get('set-cookie') ?? []].flat();
    expect(lines.slice(0, -1)).toEqual([before].flat());
    const kept = await sessions.open(lines.at(-1)?.split(';')[0]);
    expect(kept.session?.data).toEqual({ a: 1, b: 2 });
    expect(res.headers.get('cache-control')).toBe('private, no-store');
  }
});

test.each([
  [{}, 'private, no-store', 'Cookie'],
  [{ 'cache-control': 'private, max-age=60', vary: 'Accept' }, 'private, max-age=60', 'Accept, Cookie'],
  [{ vary: ['Accept', 'cookie'] }, 'private, no-store', 'Accept, cookie'],
  [{ vary: '*' }, 'private, no-store', '*'],
])(
  'S62: what depends on the session is not for shared caches, unless the application says so: %j',
  async (own, cacheControl, vary) => {
    const { sessions, req } = await signedIn();
    for (const request of [req, { headers: {} }]) {
      const res = createAnswer();
      for (const [name, value] of Object.entries(own)) res.headers.set(name, value);
      await openNodeSession(sessions, { ...request }, res);
      expect(res.headers.get('cache-control')).toBe(cacheControl);
      expect(res.headers.get('vary')).toBe(vary);
    }
  },
);

test('once the headers of the answer are sent, nothing is spent or changed that the browser would not learn of', async () => {
  const { sessions, server, req } = await signedIn();
  const res = createAnswer();
  const { requestSession } = await openNodeSession(sessions, req, res);
  res.headersSent = true;
  const refused = { code: 'wrong_context' };
  await expect(requestSession.getAccessToken({ forceRefresh: true })).rejects.toMatchObject(refused);
  await expect(requestSession.update(() => ({ a: 1 }))).rejects.toMatchObject(refused);
  expect(server.requestsTo('token')).toHaveLength(1);
});

test('a request of HTTP/2 has a host, and its pseudo-header fields do not reach the headers', () => {
  const pseudo = { ':method': 'GET', ':path': '/', ':authority': 'app.example' };
  expect([...readNodeHeaders({ headers: { ...pseudo, cookie: 'a=1' } })]).toEqual([
    ['cookie', 'a=1'],
    ['host', 'app.example'],
  ]);
  expect(readNodeHeaders({ headers: { ...pseudo, host: 'other.example' } }).get('host')).toBe(
    'other.example',
  );
});
