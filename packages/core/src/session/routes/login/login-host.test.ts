// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { baseUrl, createWebApp } from '../../../../tests/support/web-browser.ts';

// A login starts at the host of the callback, where its cookies are found again.

const cookie = { domain: 'example.test' };
const visit = async (headers: HeadersInit, { query = '', options = { cookie } as object } = {}) => {
  const app = await createWebApp(options);
  const response = await app.open().visit(`/auth/login${query}`, { headers });
  return { location: response.headers.get('location') ?? '', cookies: response.headers.getSetCookie() };
};

test.each([
  ['www.example.test'],
  ['WWW.EXAMPLE.TEST:443'],
  ['example.test'],
  ['www.example.test:8443'],
  ['app.example.test:8443'],
])('redirects a login at %s to the host of the application once', async (host) => {
  const { location, cookies } = await visit({ host }, { query: '?returnTo=/a' });
  expect(location).toBe(`${baseUrl}/auth/login?returnTo=%2Fa&redirected=1`);
  expect(cookies).toEqual([]);
  // A proxy that rewrites the host: the login starts.
  expect((await visit({ host }, { query: '?redirected=1' })).location).toContain('/authorize?');
});

test('uses the host that a proxy has forwarded', async () => {
  const headers = { host: 'internal', 'x-forwarded-host': 'www.example.test' };
  expect((await visit(headers)).location).toContain('redirected=1');
});

test.each([
  ['the host of the application', { host: 'app.example.test' }, { cookie }],
  ['the same host with a default port', { host: 'app.example.test:443' }, { cookie }],
  ['an internal host', { host: '127.0.0.1:3000' }, { cookie }],
  ['a host whose name ends with that of the application', { host: 'badexample.test' }, { cookie }],
  ['text that is not a host', { host: 'a b@c' }, { cookie }],
  ['another host without cookie.domain', { host: 'www.example.test' }, {}],
])('starts a login at %s', async (_, headers, options) => {
  expect((await visit(headers, { options })).location).toContain('/authorize?');
});
