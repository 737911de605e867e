import { expect, test } from 'vitest';
import { countVisitedElements } from '../../../tests/support/visited-elements.ts';
import { addAmbiguousCookies, findAmbiguousCookies } from './ambiguous-cookies.ts';
import { listCandidates, readCopies } from './chunks.ts';
import { countSessionBytes } from './cookie-budget.ts';
import { createCookieJar, parseAllCookies, parseCookies } from './cookies.ts';
import { applyCookies, updateCookieHeader } from './update-cookies.ts';

const jar = createCookieJar(new URL('https://app.example'), { domain: 'example' });
const name = jar.toWireName('session');
const index = (at: number) => String(at).padStart(8, '0');

/** Creates headers with a count of pairs. */
const shapes: Record<string, (at: number) => string> = {
  'one name': () => 'a=',
  'one name with values': (at) => `a=${at}`,
  'no name': () => '=',
  nothing: () => '',
  'different names': (at) => `a${at}=`,
  'encoded values': (at) => `a${at % 2}=%61`,
  'session cookies': (at) => `${name}=${at}`,
  'first chunks': (at) => `${name}=${index(at)}~2~`,
  'chunks of different copies': (at) => `${name}${at % 2 ? '' : '.1'}=${index(at)}~2~`,
  'chunks of different lengths': (at) => `${name}${at % 2 ? '' : '.1'}=generati~${(at % 3) + 1}~${at}`,
  'chunks of one copy that are equal': (at) => `${name}${at % 2 ? '' : '.1'}=generati~2~`,
};

const createHeader = (shape: (at: number) => string, count: number) =>
  Array.from({ length: count }, (_, at) => shape(at)).join(';');

/** What reads a header of any client. A logout reads 33 candidates at most. */
const readers: Record<string, (header: string) => void> = {
  parseCookies,
  parseAllCookies,
  readCopies: (header) => readCopies(name, parseAllCookies(header)),
  listCandidates: (header) => {
    const candidates = listCandidates(name, parseAllCookies(header));
    for (let count = 0; count < 33 && !candidates.next().done; ) count++;
  },
  countSessionBytes: (header) => countSessionBytes(jar, parseAllCookies(header)),
  applyCookies: (header) => applyCookies(header, []),
  updateCookieHeader: (header) => updateCookieHeader(header, [{ name: 'a', value: '1' }]),
  findAmbiguousCookies,
  addAmbiguousCookies: (header) => addAmbiguousCookies(header, header),
};

test.each(Object.keys(readers))('S39: the cost of %s is linear in the length of the header', (reader) => {
  for (const [shape, create] of Object.entries(shapes)) {
    const [short, long] = [500, 2_000].map((count) => {
      const header = createHeader(create, count);
      return countVisitedElements(() => readers[reader]?.(header));
    }) as [number, number];
    expect(long, shape).toBeLessThan(5 * short);
  }
});

test('S39: accepts no copy of a cookie that has more values than are accepted', () => {
  const header = createHeader((at) => `${name}=${index(at)}~1~text`, 5);
  expect(readCopies(name, parseCookies(header))).toEqual([]);
  expect(readCopies(name, parseAllCookies(header))).toEqual([]);
  const four = createHeader((at) => `${name}=${index(at)}~1~text`, 4);
  expect(readCopies(name, parseAllCookies(four))).toHaveLength(4);
});
