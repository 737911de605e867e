import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js';
import { describe, expect, test } from 'vitest';
import { observePages, removeProxyCookies } from './proxy-cookies.ts';

const metadataKey = Symbol.for('NextInternalRequestMeta');
const createRequest = (...middlewareCookie: string[]) => ({ [metadataKey]: { middlewareCookie } });

/** Runs a page as Next does: with its request. */
const runPage = (request: unknown, page: () => void) =>
  (workAsyncStorage.run as (work: object, ...more: unknown[]) => void)({}, page, request, {});

describe('Set-Cookie lines of the proxy', () => {
  observePages();
  observePages();

  test('removes the lines of these cookies from the request of the current page, in the array of Next', () => {
    const request = createRequest('session=1; Path=/', 'session.1=2', 'sessions=3', 'theme=dark');
    const held = request[metadataKey].middlewareCookie;
    runPage(request, () => removeProxyCookies(['session', 'session.1', 'absent']));
    expect(held).toEqual(['sessions=3', 'theme=dark']);
  });

  test('removes them from a given request', () => {
    const [request, other] = [createRequest('session=1'), createRequest('session=2')];
    runPage(other, () => removeProxyCookies(['session'], request));
    expect(request[metadataKey].middlewareCookie).toEqual([]);
    expect(other[metadataKey].middlewareCookie).toEqual(['session=2']);
  });

  test('separates the lines of concurrent pages, and a completed page is not the current one', () => {
    const [first, second] = [createRequest('session=1'), createRequest('session=2')];
    runPage(first, () => runPage(second, () => removeProxyCookies(['session'])));
    expect(first[metadataKey].middlewareCookie).toEqual(['session=1']);
    removeProxyCookies(['session']);
    expect(first[metadataKey].middlewareCookie).toEqual(['session=1']);
  });

  test.each([
    ['no request', undefined],
    ['a text', 'request'],
    ['no metadata', {}],
    ['no lines', { [metadataKey]: {} }],
    ['other lines', { [metadataKey]: { middlewareCookie: 'session=1' } }],
  ])('does nothing with %s', (_, request) => {
    runPage(request, () => expect(() => removeProxyCookies(['session'])).not.toThrow());
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
