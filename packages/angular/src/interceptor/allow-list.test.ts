import { describe, expect, test } from 'vitest';
import { type ApiEntry, findApi, parseAllowList } from './allow-list.ts';

const base = 'https://app.example/shop/';
const matches = (entry: ApiEntry, url: string, method = 'GET') =>
  findApi(parseAllowList([entry], base), { url, method }, base) === entry;

describe('B1: matches only the origin and path of an entry', () => {
  const api = { url: 'https://api.example.com/items' };

  test.each([
    'https://api.example.com/items',
    'https://api.example.com/items/',
    'https://api.example.com/items/1?x=y#z',
    'https://API.example.com:443/items',
    'https://api.example.com/other/../items/1',
  ])('matches %s', (url) => expect(matches(api, url)).toBe(true));

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
  ])('does not match %s', (url) => expect(matches(api, url)).toBe(false));

  test('an origin matches all its paths and no other origin', () => {
    expect(matches({ url: 'https://api.example.com' }, 'https://api.example.com/anything')).toBe(true);
    expect(matches({ url: 'https://api.example.com' }, 'https://api.example.com.evil.test/')).toBe(false);
  });

  test('a path matches only the origin of the application', () => {
    expect(matches({ url: '/api' }, '/api/items')).toBe(true);
    expect(matches({ url: '/api' }, 'https://app.example/api/items')).toBe(true);
    expect(matches({ url: '/api' }, 'api/items')).toBe(false);
    expect(matches({ url: '/api' }, '//evil.test/api')).toBe(false);
  });

  test('compares methods without regard to case', () => {
    const entry = { ...api, methods: ['get', 'POST'] };
    expect(matches(entry, api.url, 'GET')).toBe(true);
    expect(matches(entry, api.url, 'post')).toBe(true);
    expect(matches(entry, api.url, 'DELETE')).toBe(false);
  });

  test('returns the first matching entry', () => {
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

test('rejects an entry that is not a URL of origin and path', () => {
  for (const url of [
    'https://*.example.com',
    'https://api.example.com/*',
    'https://api.example.com/items?x',
    'https://api.example.com/#x',
    'https://user@api.example.com',
    'ftp://api.example.com',
    'https://',
  ]) {
    expect(() => parseAllowList([{ url }], base), url).toThrow(/"apis" contains .*, expected /);
  }
});

describe('exceptions below an entry', () => {
  const find = (entries: readonly ApiEntry[], url: string) =>
    findApi(parseAllowList(entries, base), { url, method: 'GET' }, base);
  const api = { url: 'https://api.example.com/v1/', except: ['public', '/health/live'] };

  test.each([
    ['https://api.example.com/v1/items', true],
    ['https://api.example.com/v1/publications', true],
    ['https://api.example.com/v1/health', true],
    ['https://api.example.com/v1/items/public', true],
    ['https://api.example.com/v1/public', false],
    ['https://api.example.com/v1/public/1?x', false],
    ['https://api.example.com/v1/x/../public', false],
    ['https://api.example.com/v1/health/live/', false],
    ['https://api.example.com/public', false],
    ['https://api.example.com/v1/%70ublic', false],
    ['https://api.example.com/v1/%2570ublic/1', false],
    ['https://api.example.com/v1//public', false],
    ['https://api.example.com/v1/public;v=1', false],
    ['https://api.example.com/v1/;v=1/public', false],
    ['https://api.example.com/v1/public%3Bv=1/x', false],
    ['https://api.example.com/v1/public%20', false],
    ['https://api.example.com/v1/public%09/x', false],
    ['https://api.example.com/v1/public./x', false],
    ['https://api.example.com/v1/health//liv%65', false],
    ['https://api.example.com/v1/public%EF%BC%8Fx', false],
    ['https://api.example.com/v1/x%EF%BC%8Fpublic', true],
    ['https://api.example.com/v1/public%EF%BC%BCx', false],
    ['https://api.example.com/v1/public%EF%BC%9Bx', false],
    ['https://api.example.com/v1/%EF%BD%90ublic', false],
    ['https://api.example.com/v1/%%37%30ublic', false],
    ['https://api.example.com/v1/PUBLIC', true],
    ['https://api.example.com/v1/items;public', true],
    ['https://api.example.com/v1/items/100%', true],
  ])('%s gets a token: %s', (url, expected) => expect(find([api], url) !== undefined).toBe(expected));

  test.each(['p%75blic', 'public;x', 'public%20', 'ｐublic'])(
    'an exception is compared in its normalized form: %s',
    (path) => {
      const normalized = { ...api, except: [path] };
      expect(find([normalized], 'https://api.example.com/v1/public')).toBeUndefined();
      expect(find([normalized], 'https://api.example.com/v1/items')).toBe(normalized);
    },
  );

  test('an exception with escaped characters is compared without regard to their case', () => {
    const entry = { ...api, except: ['é'] };
    expect(find([entry], 'https://api.example.com/v1/%c3%A9')).toBeUndefined();
    expect(find([entry], 'https://api.example.com/v1/%c3%A8')).toBe(entry);
  });

  test('a later entry may match an excluded path', () => {
    const later = { url: 'https://api.example.com/v1/public', scope: 'public' };
    expect(find([api, later], 'https://api.example.com/v1/public')).toBe(later);
  });

  test('rejects an exception that is not below the entry', () => {
    for (const path of [
      '',
      '/',
      '..',
      '../other',
      'https://evil.example/x',
      '//evil.example/x',
      '*',
      'a?b',
      'a#b',
    ])
      expect(
        () => parseAllowList([{ url: 'https://api.example.com/v1', except: [path] }], base),
        path,
      ).toThrow(/below its URL/);
  });
});

describe('escaped slashes, backslashes and dots in a path', () => {
  const find = (entry: ApiEntry, path: string) =>
    findApi(parseAllowList([entry], base), { url: `https://api.example.com${path}`, method: 'GET' }, base);
  const paths = [
    '/files/a%2Fb',
    '/files/a%5cb',
    '/files/%2E%2E%2fadmin',
    '/files/a.b%2ec',
    '/files/..;/admin',
    '/files/.;/admin',
    '/files/..;v=1/admin',
    '/files/..%3b/admin',
    '/files/..%20/admin',
    '/files/%252e%252e%252fadmin',
    '/files/%25252e./admin',
    '/files/..%c0%af',
    '/files/%C0%AE%C0%AE/admin',
    '/files/..%e0%80%afadmin',
    '/files/..%u002fadmin',
    '/files/..%ef%bc%8fadmin',
    '/files/a%00',
    '/files/%ef%bc%8e%EF%BC%8E/admin',
    '/files/.%EF%BC%8E/admin',
    '/files/%E2%80%A4./admin',
    '/files/%E2%80%A5/admin',
    '/files/%EF%B9%92./admin',
    '/files/..%ef%bc%bcadmin',
    '/files/..%EF%BC%8F..%EF%BC%8Fadmin',
    '/files/a%EF%BC%8F..%EF%BC%8F..%EF%BC%8Fadmin',
    '/files/..%25ef%25bc%258fadmin',
    '/files/..%EF%BC%9B/admin',
    '/files/..%E3%80%80/admin',
    '/files/%uff0e%uFF0E/admin',
    '/files/..%u2215admin',
    '/files/..%25u002f',
    '/files/..%c0%25af',
    '/files/%%32%65%%32%65/admin',
    '/files/..%%32%66admin',
    '/files/..%%32%35%32%66admin',
    '/files/..%0d/admin',
    '/files/..;',
  ];

  test.each(paths)('%s matches an entry of the whole origin only', (path) => {
    expect(find({ url: 'https://api.example.com' }, path)).toBeDefined();
    expect(find({ url: 'https://api.example.com/files' }, path)).toBeUndefined();
    expect(find({ url: 'https://api.example.com', except: ['public'] }, path)).toBeUndefined();
    expect(find({ url: 'https://other.example.com' }, path)).toBeUndefined();
  });
});

test('no path with a %u escape of any character matches an entry with a path', () => {
  const apis = parseAllowList([{ url: 'https://api.example.com/files', except: ['public'] }], base);
  const find = (path: string) =>
    findApi(apis, { url: `https://api.example.com/files/${path}`, method: 'GET' }, base);
  for (let code = 0; code < 0x10000; code++) {
    const digits = code.toString(16).padStart(4, '0');
    for (const path of [`a%u${digits}`, `%25u${digits.toUpperCase()}`, `%%75${digits}`, `%25%75${digits}`])
      if (find(path)) throw new Error(`${path} matches`);
  }
  // A circled letter, and the hexadecimal digits escaped.
  for (const path of ['%u24dfublic', '%E2%80%A4%ufe52%ef%bc%8f', '%u%66%65%35%32', '%u2%30240'])
    expect(find(path), path).toBeUndefined();
});

const identifiers = [
  '営業部／総務部',
  '図１．２',
  'a＼b',
  '．hidden',
  '．．．',
  '……',
  '５０％２０個',
  '100%us',
  '5%unique',
  '%u',
  '100%ufficial',
  '50%c0tton',
  '%c1ass',
  '%e0',
  'À%',
  '100%',
  '25%25',
  'हिन्दी',
  'ภาษาไทย',
  '한국어',
  '😀',
  '𐀀',
  '..x',
  '...',
  'a..;',
  "(1)'",
].flatMap((each) => [encodeURIComponent(each), `${encodeURIComponent(each)}/details`]);

test.each(identifiers)('the identifier %s matches the entry of its folder', (path) => {
  for (const api of [{}, { except: ['public', 'x'] }]) {
    const apis = parseAllowList([{ url: 'https://api.example.com/files', ...api }], base);
    const request = { url: `https://api.example.com/files/${path}`, method: 'GET' };
    expect(findApi(apis, request, base)).toBeDefined();
  }
});

test('a path with a character that is escaped many times is compared', () => {
  const apis = parseAllowList([{ url: 'https://api.example.com', except: ['A', 'B'] }], base);
  const find = (path: string) =>
    findApi(apis, { url: `https://api.example.com/${path}`, method: 'GET' }, base);
  expect(find(`%${'25'.repeat(500_000)}41`)).toBeUndefined();
  expect(find(`%${'25'.repeat(500_000)}43`)).toBeDefined();
  expect(find('%'.repeat(500_000))).toBeDefined();
  expect(find(`${'%c0'.repeat(200_000)}x`)).toBeDefined();
  expect(find('%2'.repeat(500_000))).toBeDefined();
  expect(find(`${'.'.repeat(500_000)}x`)).toBeDefined();
  expect(find(`${';'.repeat(500_000)}x`)).toBeDefined();
});

test.each([
  '/files/a;v=1',
  '/files/.hidden',
  '/files/a..b',
  '/files/100%25',
  '/files/%C3%A9',
  '/files/a%20b',
])('%s matches the entry of its folder', (path) => {
  const apis = parseAllowList([{ url: 'https://api.example.com/files' }], base);
  expect(findApi(apis, { url: `https://api.example.com${path}`, method: 'GET' }, base)).toBeDefined();
});

test('an entry with a malformed escape is accepted as a URL', () => {
  expect(parseAllowList([{ url: 'https://api.example.com/100%' }], base)).toHaveLength(1);
  expect(() => parseAllowList([{ url: 'https://api.example.com/%2A' }], base)).toThrow(/wildcards/);
});
