import fc from 'fast-check';
import { applyCookies, parseCookies, updateCookieHeader } from '../../src/session/cookies/cookies.ts';

/** Cookie names of this library. */
const names = [
  '__Host-session',
  '__Host-session.1',
  '__Host-session.login.AAAAAAAAAAAAAAAA',
  '__Secure-session',
  'session',
];

const bytes = ['\xa0', '\x85', '\xff', '\xc2\xa0', '\xef\xbb\xbf', '\ufeff', '\u2003', '\ufffd', '\u017f'];
const separators = [
  ';',
  '; ',
  ';\t',
  ' ; ',
  ',',
  ', ',
  '=',
  '==',
  ' ',
  '\t',
  '\v',
  '\f',
  '\0',
  '\r',
  '\n',
  '"',
  '\\',
  '%3B',
  '%20',
];

const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...names) },
  { weight: 2, arbitrary: fc.constantFrom(...names).map((name) => name.toLowerCase()) },
  { weight: 6, arbitrary: fc.constantFrom(...separators) },
  { weight: 2, arbitrary: fc.constantFrom(...bytes) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
  { weight: 2, arbitrary: fc.constantFrom('value', 'a', '1', 'AAAAAAAA~1~text') },
);

/** A complete pair, so that a name occurs exactly once in some inputs. */
const pair = fc
  .tuple(
    fc.constantFrom('', '', ' ', '\t', ...bytes),
    fc.constantFrom(...names),
    fc.constantFrom('', '', ' ', ...bytes),
  )
  .map(([prefix, name, suffix]) => `; ${prefix}${name}${suffix}=value;`);

const twice = fc.constantFrom(...names).map((name) => `; ${name}=value; ${name}=other;`);

/** A `Cookie` header as a hostile sibling host can cause it. */
export const cookieHeader = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: piece },
      { weight: 1, arbitrary: pair },
      { weight: 1, arbitrary: twice },
    ),
    { maxLength: 24 },
  )
  .map((pieces) => pieces.join(''));

export interface CookieFuzzResult {
  readonly inputs: number;
  /** Count of names that were found with a value. */
  readonly found: number;
  /** Count of names that were found more than once. */
  readonly ambiguous: number;
}

/**
 * Parses random `Cookie` headers and compares the cookies of this library with a second implementation of RFC 6265bis: a
 * segment between semicolons is a cookie if and only if it consists of the name, optional SP and HTAB, "=" and a value.
 *
 * @throws Error with seed and counterexample
 */
export function fuzzCookieHeaders({
  runs,
  seed,
}: {
  readonly runs: number;
  readonly seed: number;
}): CookieFuzzResult {
  let found = 0;
  let ambiguous = 0;
  fc.assert(
    fc.property(cookieHeader, (header) => {
      const cookies = parseCookies(header);
      for (const name of names) {
        const expected = readCookie(header, name);
        const value = cookies.get(name);
        if (cookies.has(name) !== expected.length > 0) return false;
        if (value !== (expected.length === 1 ? expected[0] : undefined)) return false;
        if (value !== undefined) found++;
        else if (cookies.has(name)) ambiguous++;
      }
      return isUpdateExact(header);
    }),
    { numRuns: runs, seed },
  );
  return { inputs: runs, found, ambiguous };
}

function readCookie(header: string, name: string): string[] {
  const exact = new RegExp(`^[ \t]*${name.replace(/[.]/g, '\\.')}[ \t]*=[ \t]*([^]*?)[ \t]*$`);
  return header.split(';').flatMap((segment) => exact.exec(segment)?.[1] ?? []);
}

/** Checks that an updated header contains the new value, and that a framework's cookie list adds no other name. */
function isUpdateExact(header: string): boolean {
  const [name = ''] = names;
  const set = {
    name,
    value: 'new',
    maxAge: 60,
    httpOnly: true,
    secure: true,
    sameSite: 'lax',
    path: '/',
  } as const;
  if (parseCookies(applyCookies(header, [set])).get(name) !== 'new') return false;
  if (parseCookies(applyCookies(header, [{ ...set, maxAge: 0 }])).has(name)) return false;
  const listed = [
    { name: 'theme', value: header },
    { name, value: 'new' },
    { name: header.replaceAll('=', ''), value: 'planted' },
  ].filter((each, index) => index < 2 || each.name !== name);
  return parseCookies(updateCookieHeader('', listed)).get(name) === 'new';
}
