import { describe, expect, test } from 'vitest';
import { type ApiEntry, findApi, parseAllowList } from './allow-list.ts';

const base = 'https://app.example/shop/';
const covers = (entry: ApiEntry, url: string, method = 'GET') =>
  findApi(parseAllowList([entry], base), { url, method }, base) === entry;

describe('B1: the token goes to the allowed origin and path alone', () => {
  const api = { url: 'https://api.example.com/items' };

  test.each([
    'https://api.example.com/items',
    'https://api.example.com/items/',
    'https://api.example.com/items/1?x=y#z',
    'https://API.example.com:443/items',
    'https://api.example.com/other/../items/1',
  ])('%s is covered', (url) => expect(covers(api, url)).toBe(true));

  test.each([
    'https://api.example.com.evil.test/items',
    'https://evil.test/?a=https://api.example.com/items',
    'https://evil.test/api.example.com/items',
    'https://evil.test#https://api.example.com/items',
    'https://api.example.com@evil.test/items',
    'https://evil.test\\@api.example.com/items',
    'https://user:password@api.example.com/items',
    'https://evilapi.example.com/items',
    'https://sub.api.example.com/items',
    'http://api.example.com/items',
    'https://api.example.com:8443/items',
    'https://api.example.com/',
    'https://api.example.com/items-secret',
    'https://api.example.com/itemsx/1',
    'https://api.example.com/x/items',
    'https://api.example.com/items/../admin',
    'https://api.example.com/items/%2e%2e/admin',
    'https://api.example.com/items/..%2fadmin',
    'https://api.example.com/items/..%5cadmin',
    'https://api.example.com//items',
    '//evil.test/items',
    '/items',
    'items',
    'https://[',
    'blob:https://api.example.com/items',
    'data:text/plain,https://api.example.com/items',
  ])('%s is not covered', (url) => expect(covers(api, url)).toBe(false));

  test('an entry for a whole origin covers every path of it, and no other origin', () => {
    expect(covers({ url: 'https://api.example.com' }, 'https://api.example.com/anything')).toBe(true);
    expect(covers({ url: 'https://api.example.com' }, 'https://api.example.com.evil.test/')).toBe(false);
  });

  test('a path is one of the own origin', () => {
    expect(covers({ url: '/api' }, '/api/items')).toBe(true);
    expect(covers({ url: '/api' }, 'https://app.example/api/items')).toBe(true);
    expect(covers({ url: '/api' }, 'api/items')).toBe(false);
    expect(covers({ url: '/api' }, '//evil.test/api')).toBe(false);
  });

  test('methods are those of the entry', () => {
    const entry = { ...api, methods: ['get', 'POST'] };
    expect(covers(entry, api.url, 'GET')).toBe(true);
    expect(covers(entry, api.url, 'post')).toBe(true);
    expect(covers(entry, api.url, 'DELETE')).toBe(false);
  });

  test('the first entry that covers a request decides', () => {
    const entries = [
      { url: 'https://api.example.com/items', scope: 'items:read' },
      { url: 'https://api.example.com' },
    ];
    const apis = parseAllowList(entries, base);
    const find = (url: string) => findApi(apis, { url, method: 'GET' }, base);
    expect(find('https://api.example.com/items/1')).toBe(entries[0]);
    expect(find('https://api.example.com/other')).toBe(entries[1]);
  });
});

test('an entry that is no plain URL fails at once', () => {
  for (const url of [
    'https://*.example.com',
    'https://api.example.com/*',
    'https://api.example.com/items?x',
    'https://api.example.com/#x',
    'https://user@api.example.com',
    'ftp://api.example.com',
    'https://',
  ]) {
    expect(() => parseAllowList([{ url }], base), url).toThrow(/apis: /);
  }
});
