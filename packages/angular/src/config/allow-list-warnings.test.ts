import { afterEach, expect, test, vi } from 'vitest';
import { createAuth } from '../auth.ts';
import { type ApiEntry, parseAllowList } from '../interceptor/allow-list.ts';
import {
  warnAboutAmbiguousPath,
  warnAboutMissingScopes,
  warnAboutRiskyEntries,
} from './allow-list-warnings.ts';
import { addApiRequests } from './login-request.ts';

const base = 'https://app.example/shop/';
const consoleWarn = vi.spyOn(console, 'warn').mockImplementation(() => {});
afterEach(() => void consoleWarn.mockClear());

function collectWarnings(...apis: ApiEntry[]): string[] {
  warnAboutRiskyEntries(parseAllowList(apis, base), base);
  return consoleWarn.mock.calls.flat();
}

test('does not warn about specific https and loopback entries', () => {
  expect(
    collectWarnings(
      { url: 'https://api.example.com/items', methods: ['DELETE'], stepUp: true },
      { url: 'https://api.example.com/items' },
      { url: 'https://api.example.com' },
      { url: 'http://localhost:3000' },
      { url: 'http://127.0.0.1:3000' },
      { url: '/api' },
    ),
  ).toEqual([]);
});

test.each([
  [
    'plain http to another host',
    [{ url: 'http://api.example.com' }],
    /"http:\/\/api.example.com".*unencrypted/,
  ],
  [
    'an entry that matches the whole application',
    [{ url: '/' }],
    /"\/".*matches every request to this application/,
  ],
  [
    'an entry after one that includes it',
    [{ url: 'https://api.example.com' }, { url: 'https://api.example.com/items', scope: 'items:read' }],
    /items" of apis never matches, because "https:\/\/api.example.com" precedes/,
  ],
  [
    'an entry after one with the same methods',
    [
      { url: 'https://api.example.com', methods: ['get', 'post'] },
      { url: 'https://api.example.com', methods: ['POST'] },
    ],
    /never matches/,
  ],
])('warns about %s', (_description, apis, warning) => {
  const warnings = collectWarnings(...apis);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(warning);
});

test('warns about a request without a token whose path contains an escaped slash', () => {
  const apis = parseAllowList([{ url: 'https://api.example.com/files' }], base);
  const clients = [{ auth: createAuth('default', new Promise(() => {})), apis: () => apis }];
  for (const url of ['https://api.example.com/files/a', 'https://other.example.com/a%2Fb', '/a%2Fb', '//['])
    warnAboutAmbiguousPath(clients, url, base);
  expect(consoleWarn).not.toHaveBeenCalled();
  for (const path of ['a%2Fb', '..;/b', '%EF%BC%8E%EF%BC%8E/b', '..%00'])
    warnAboutAmbiguousPath(clients, `https://api.example.com/files/${path}?secret`, base);
  const expected = [
    ['a%2Fb', '"%2F"'],
    ['..;/b', '"/..;"'],
    ['%EF%BC%8E%EF%BC%8E/b', '"/../"'],
    ['..%00', '"%00"'],
  ];
  expect(consoleWarn.mock.calls.flat()).toEqual(
    expected.map(
      ([path, part]) =>
        `authInterceptor: https://api.example.com/files/${path} gets no access token, because servers interpret ${part} in a path differently. Only an entry of the whole origin matches such a path: { url: 'https://api.example.com' }.`,
    ),
  );
});

test('warns about the scope of an entry that the provider did not grant', () => {
  const apis = parseAllowList(
    [{ url: '/api', scope: 'items:read items:write' }, { url: '/other' }, { url: '/third', scope: 'openid' }],
    base,
  );
  warnAboutMissingScopes(apis, ['openid', 'items:read']);
  expect(consoleWarn.mock.calls.flat()).toEqual([
    expect.stringMatching(/scope "items:write" of the entry "\/api"/),
  ]);
});

test('the resources and scopes of the entries are requested at the login', () => {
  const config = { issuer: 'https://login.example', clientId: 'spa' };
  const apis = [
    { url: 'https://a.example', resource: 'https://a.example/', scope: 'a:read openid' },
    { url: 'https://b.example', resource: 'https://b.example/' },
    { url: 'https://b.example/2', resource: 'https://b.example/', scope: 'b:read' },
  ];
  expect(addApiRequests({ ...config, apis })).toMatchObject({
    scope: 'openid a:read b:read',
    resource: ['https://a.example/', 'https://b.example/'],
  });
  expect(
    addApiRequests({ ...config, apis, resource: 'https://c.example/', scope: 'openid email' }),
  ).toMatchObject({
    scope: 'openid email a:read b:read',
    resource: ['https://c.example/', 'https://a.example/', 'https://b.example/'],
  });
  // The scope of this preset contains the client identifier.
  const provider = {
    name: 'example',
    issuer: config.issuer,
    relaxes: [],
    scope: (clientId: string) => `openid ${clientId}`,
  };
  expect(addApiRequests({ ...config, provider, apis })).toMatchObject({ scope: 'openid spa a:read b:read' });
  // A provider may reject an empty parameter.
  expect(addApiRequests({ ...config, apis: [{ url: '/api' }] })).toEqual({
    ...config,
    apis: [{ url: '/api' }],
    scope: 'openid',
  });
});
