import { afterEach, expect, test, vi } from 'vitest';
import { type ApiEntry, parseAllowList } from '../interceptor/allow-list.ts';
import { warnAboutRiskyEntries } from './allow-list-warnings.ts';

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
    'an entry after a wider one',
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
