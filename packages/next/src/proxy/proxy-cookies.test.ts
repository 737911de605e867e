import type { CookieToSet } from '@countersign/core/session';
import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js';
import { describe, expect, test } from 'vitest';
import { observePages, removeProxyCookies } from './proxy-cookies.ts';

const metadataKey = Symbol.for('NextInternalRequestMeta');
const createRequest = (...middlewareCookie: string[]) => ({ [metadataKey]: { middlewareCookie } });

const createCookie = (name: string, more: Partial<CookieToSet> = {}): CookieToSet => ({
  name,
  value: 'new',
  maxAge: 60,
  httpOnly: true,
  secure: true,
  sameSite: 'lax',
  path: '/',
  ...more,
});
const session = createCookie('session');

/** Runs a page as Next does: with its request. */
const runPage = (request: unknown, page: () => void) =>
  (workAsyncStorage.run as (work: object, ...more: unknown[]) => void)({}, page, request, {});

describe('Set-Cookie lines of the proxy', () => {
  observePages();
  observePages();

  test('removes the lines of these cookies from the request of the current page, in the array of Next', () => {
    const request = createRequest('session=1; Path=/', 'session.1=2', 'sessions=3', 'theme=dark');
    const held = request[metadataKey].middlewareCookie;
    runPage(request, () => removeProxyCookies([session, createCookie('session.1'), createCookie('absent')]));
    expect(held).toEqual(['sessions=3', 'theme=dark']);
  });

  test.each([
    ['path', {}, 'session=; Max-Age=0; Path=/shop'],
    ['domain', {}, 'session=; Max-Age=0; Domain=example.test; Path=/'],
    ['no domain', { domain: 'example.test' }, 'session=; Max-Age=0; Path=/; Secure'],
    ['partition', {}, 'session=; Max-Age=0; Path=/; Secure; Partitioned'],
    ['no partition', { partitioned: true }, 'session=; Max-Age=0; Path=/; Secure'],
  ] as const)(
    'keeps a line that deletes the cookie with the same name and another %s',
    (_, scope, deletion) => {
      const request = createRequest(deletion);
      runPage(request, () => removeProxyCookies([createCookie('session', scope)]));
      expect(request[metadataKey].middlewareCookie).toEqual([deletion]);
    },
  );

  test.each([
    ['path', { path: '/shop' }, 'session=1; path=/shop; HttpOnly'],
    ['domain', { domain: 'example.test' }, 'session=1; Domain=.Example.test; Path=/'],
    ['partition', { partitioned: true }, 'session=; Max-Age=0; Path=/; Secure; partitioned'],
  ] as const)('removes a line with the same %s', (_, scope, line) => {
    const request = createRequest(line);
    runPage(request, () => removeProxyCookies([createCookie('session', scope)]));
    expect(request[metadataKey].middlewareCookie).toEqual([]);
  });

  test('removes them from a given request', () => {
    const [request, other] = [createRequest('session=1'), createRequest('session=2')];
    runPage(other, () => removeProxyCookies([session], request));
    expect(request[metadataKey].middlewareCookie).toEqual([]);
    expect(other[metadataKey].middlewareCookie).toEqual(['session=2']);
  });

  test('separates the lines of concurrent pages, and a completed page is not the current one', () => {
    const [first, second] = [createRequest('session=1'), createRequest('session=2')];
    runPage(first, () => runPage(second, () => removeProxyCookies([session])));
    expect(first[metadataKey].middlewareCookie).toEqual(['session=1']);
    removeProxyCookies([session]);
    expect(first[metadataKey].middlewareCookie).toEqual(['session=1']);
  });

  test.each([
    ['no request', undefined],
    ['a text', 'request'],
    ['no metadata', {}],
    ['no lines', { [metadataKey]: {} }],
    ['other lines', { [metadataKey]: { middlewareCookie: 'session=1' } }],
  ])('does nothing with %s', (_, request) => {
    runPage(request, () => expect(() => removeProxyCookies([session])).not.toThrow());
  });

  test('passes the result and the errors of the page', () => {
    expect(workAsyncStorage.run({} as never, () => 'page')).toBe('page');
    expect(() =>
      runPage({}, () => {
        throw new TypeError('page');
      }),
    ).toThrow('page');
  });
});
