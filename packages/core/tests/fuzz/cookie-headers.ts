import fc from 'fast-check';
import { parseCookies } from '../../src/session/cookies/cookies.ts';
import { applyCookies, updateCookieHeader } from '../../src/session/cookies/update-cookies.ts';

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

const repeatedPair = fc.constantFrom(...names).map((name) => `; ${name}=value; ${name}=other;`);

/** A `Cookie` header as a hostile sibling host can cause it. */
export const cookieHeader = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: piece },
      { weight: 1, arbitrary: pair },
      { weight: 1, arbitrary: repeatedPair },
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
 * Parses random `Cookie` headers, and compares the cookies of this library with a second implementation of RFC 6265bis.
 * There, a segment between semicolons is a cookie only if it has a name, optional SP and HTAB, "=" and a value.
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

/** Values of two sessions: plain, encoded, and surrounded by white space. */
const sessionValue = fc.constantFrom(
  ...['own', '%6Fwn', 'o%77n', '%20own', 'own%20', '"own"', 'own=1'],
  ...[
    'other',
    '%6fther',
    'o%74her',
    'other\t',
    '%',
    '%zz',
    '',
    'true',
    '%C3%A9',
    '%253B',
    'x%3B%20session%3Dother',
  ],
);
const sessionPair = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', ' ', '\t'),
      fc.constantFrom(...names, 'theme'),
      fc.constantFrom('', ' '),
      sessionValue,
    )
    .map(([before, name, after, value]) => `${before}${name}${after}=${value}`),
  fc.constantFrom(...names, '', 'a%3D=own', '=own'),
);
/** A `Cookie` header with several cookies of one name. */
export const encodedCookieHeader = fc
  .array(fc.tuple(sessionPair, fc.constantFrom('; ', ';', ' ; ', ';\t', ';;')), {
    minLength: 1,
    maxLength: 5,
  })
  .map((pairs) => pairs.flat().join(''));

/** How a framework lists cookies: the first or the last one of each name, decoded or not. */
export interface CookieList {
  readonly decode: boolean;
  readonly keepFirst: boolean;
  /** The value of a cookie without `=` in the list. Default: the cookie is not listed. */
  readonly bareValue?: string;
}

/** Lists the cookies of a header, as a framework does. A value that cannot be decoded is not listed. */
export function listCookies(header: string, { decode, keepFirst, bareValue }: CookieList) {
  const list = new Map<string, string>();
  for (const pair of header.split(/; */)) {
    const at = pair.indexOf('=');
    if (pair === '' || (at === -1 && bareValue === undefined)) continue;
    const name = at === -1 ? pair : pair.slice(0, at);
    const value = at === -1 ? (bareValue ?? '') : pair.slice(at + 1);
    if (keepFirst && list.has(name)) continue;
    try {
      list.set(name, decode && at !== -1 ? decodeURIComponent(value) : value);
    } catch {}
  }
  return [...list].map(([name, value]) => ({ name, value }));
}

/**
 * Updates random `Cookie` headers from the list of a framework that has changed none of the cookies. The result
 * contains the cookies that were sent, each with its value: a planted value is not decoded, and does not replace other
 * values of its name.
 *
 * @throws Error with seed and counterexample
 */
export function fuzzUnchangedLists({ runs, seed }: { readonly runs: number; readonly seed: number }): {
  /** Count of names with several values. */
  readonly repeated: number;
} {
  let repeated = 0;
  const list = fc.record({
    decode: fc.boolean(),
    keepFirst: fc.boolean(),
    bareValue: fc.constantFrom('true', undefined),
  });
  fc.assert(
    fc.property(encodedCookieHeader, list, (header, { decode, keepFirst, bareValue }) => {
      const options = bareValue === undefined ? {} : { bareValue };
      const listed = listCookies(header, { decode, keepFirst, ...options });
      const sent = parseCookies(header);
      const updated = parseCookies(updateCookieHeader(header, listed, options));
      for (const [name, value] of updated) {
        if (value !== sent.get(name)) return false;
        if (`${updated.repeatedValues?.get(name)}` !== `${sent.repeatedValues?.get(name)}`) return false;
        if (updated.repeatedValues?.has(name)) repeated++;
      }
      return true;
    }),
    { numRuns: runs, seed },
  );
  return { repeated };
}
