import { afterEach, expect, test, vi } from 'vitest';
import { type ApiEntry, parseAllowList } from './allow-list.ts';
import { warnOfRiskyEntries } from './allow-list-warnings.ts';

const base = 'https://app.example/shop/';
const complain = vi.spyOn(console, 'warn').mockImplementation(() => {});
afterEach(() => void complain.mockClear());

function warningsOf(...apis: ApiEntry[]): string[] {
  warnOfRiskyEntries(parseAllowList(apis, base), base);
  return complain.mock.calls.flat();
}

test('entries that give a token to what was meant are not warned of', () => {
  expect(
    warningsOf(
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
    'plain http to another machine',
    [{ url: 'http://api.example.com' }],
    /"http:\/\/api.example.com".*unencrypted/,
  ],
  ['the whole application', [{ url: '/' }], /"\/".*this application itself/],
  [
    'an entry behind a wider one',
    [{ url: 'https://api.example.com' }, { url: 'https://api.example.com/items', scope: 'items:read' }],
    /items" of apis is never used: "https:\/\/api.example.com" comes before/,
  ],
  [
    'an entry behind one with the same methods',
    [
      { url: 'https://api.example.com', methods: ['get', 'post'] },
      { url: 'https://api.example.com', methods: ['POST'] },
    ],
    /never used/,
  ],
])('a developer is told of %s', (_what, apis, warning) => {
  const warnings = warningsOf(...apis);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(warning);
});
