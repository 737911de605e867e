import fc from 'fast-check';
import { applyCookies, parseCookies, updateCookieHeader } from '../../src/session/cookies/cookies.ts';

/** Names of this library, and a value that only the application itself has set. */
const names = [
  '__Host-session',
  '__Host-session.1',
  '__Host-login.AAAAAAAAAAAAAAAA',
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

/** Now and then a whole pair, so that our names also occur once, and more than once. */
const pair = fc
  .tuple(
    fc.constantFrom('', '', ' ', '\t', ...bytes),
    fc.constantFrom(...names),
    fc.constantFrom('', '', ' ', ...bytes),
  )
  .map(([before, name, after]) => `; ${before}${name}${after}=value;`);

const twice = fc.constantFrom(...names).map((name) => `; ${name}=value; ${name}=other;`);

/** A `Cookie` header as a hostile host may shape it. */
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
  /** How often one of our names was reported with a value, and as ambiguous. */
  readonly found: number;
  readonly ambiguous: number;
}

/**
 * Parses random `Cookie` headers, and compares what is reported under our names with a second reading of RFC 6265bis:
 * a segment between two semicolons is a cookie of ours if, and only if, it is the name, optional SP and HTAB, and "=".
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
        const expected = readAgain(header, name);
        const value = cookies.get(name);
        if (cookies.has(name) !== expected.length > 0) return false;
        if (value !== (expected.length === 1 ? expected[0] : undefined)) return false;
        if (value !== undefined) found++;
        else if (cookies.has(name)) ambiguous++;
      }
      return staysApart(header);
    }),
    { numRuns: runs, seed },
  );
  return { inputs: runs, found, ambiguous };
}

function readAgain(header: string, name: string): string[] {
  const exact = new RegExp(`^[ \t]*${name.replace(/[.]/g, '\\.')}[ \t]*=[ \t]*([^]*?)[ \t]*$`);
  return header.split(';').flatMap((segment) => exact.exec(segment)?.[1] ?? []);
}

/** What is set under one of our names is what is read under it, and what a framework lists adds no other name. */
function staysApart(header: string): boolean {
  const [name = ''] = names;
  const set = {
    name,
    value: 'fresh',
    maxAge: 60,
    httpOnly: true,
    secure: true,
    sameSite: 'lax',
    path: '/',
  } as const;
  if (parseCookies(applyCookies(header, [set])).get(name) !== 'fresh') return false;
  if (parseCookies(applyCookies(header, [{ ...set, maxAge: 0 }])).has(name)) return false;
  const listed = [
    { name: 'theme', value: header },
    { name, value: 'fresh' },
    { name: header.replaceAll('=', ''), value: 'planted' },
  ].filter((each, index) => index < 2 || each.name !== name);
  return parseCookies(updateCookieHeader('', listed)).get(name) === 'fresh';
}
