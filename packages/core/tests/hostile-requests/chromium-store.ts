import fc from 'fast-check';
import type { Cookie } from 'playwright';
import { expect } from 'vitest';
import { appOrigin, hostileOrigin, type SiblingHosts } from './sibling-hosts.ts';

/** The name of the session cookie. */
export const ownName = '__Host-session';
const base = fc.constantFrom(
  ownName,
  ownName,
  `${ownName}.1`,
  '__Host-session.login.AAAAAAAAAAAAAAAA',
  '__Secure-session',
  'session',
  '__host-session',
  '__HOST-SESSION',
  '',
);
/** Characters beside a name that a parser may remove. */
const affixes = [
  ...['\xa0', '\x85', '\xff', '\xad', '\xc2\xa0', '\xc2\x85', '\xef\xbb\xbf', '\xe2\x80\x83', '\xe2\x80\xa8'],
  ...[
    '\xef\xbf\xbd',
    '\xc5\xbf',
    '\x01',
    '\t',
    ' ',
    '\v',
    '\f',
    '\x7f',
    '"',
    '=',
    ',',
    ', ',
    '%5F',
    '$',
    '\\',
  ],
];
const affix = fc.oneof(
  { weight: 5, arbitrary: fc.constant('') },
  {
    weight: 5,
    arbitrary: fc.constantFrom(...affixes),
  },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 1, max: 255 })
      .filter((code) => code !== 10 && code !== 13)
      .map(toCharacter),
  },
);
const value = fc.constantFrom(
  'planted',
  '',
  '"planted"',
  `x, ${ownName}=planted`,
  `%3B%20${ownName}%3Dplanted`,
  '\xa0planted',
  `=${ownName}=planted`,
  'a b',
);
const attribute = fc.constantFrom(
  ...[
    'Domain=example.test',
    'Domain=.example.test',
    'domain=EXAMPLE.TEST',
    'Domain=app.example.test',
    'Domain=',
  ],
  ...[
    'Path=/',
    'Path=/',
    'path=/own',
    'Secure',
    'Secure',
    'SECURE',
    'HttpOnly',
    'SameSite=None',
    'Partitioned',
    'Max-Age=60',
    '\xa0Path=/',
    'Path',
  ],
);
const attributes = fc.oneof(
  fc.constant(['Domain=example.test', 'Path=/', 'Secure']),
  fc.array(attribute, { maxLength: 5 }),
);
const line = fc
  .tuple(affix, base, affix, fc.constantFrom('=', '=', '=', ''), value, attributes)
  .map(([before, name, after, equals, text, more]) =>
    [`${before}${name}${after}${equals}${equals && text}`, ...more].join('; '),
  );

/** The name of the session cookie with something beside it, for all hosts of the domain. */
const lookalike = fc
  .tuple(fc.constantFrom(...affixes), fc.constantFrom('', '', ...affixes))
  .map(([before, after]) => `${before}${ownName}${after}=planted; Domain=example.test; Path=/; Secure`);

function toCharacter(code: number): string {
  return String.fromCharCode(code);
}

/** What Chromium stores, and what the application receives. */
interface Round {
  /** The cookies in the store of Chromium. */
  readonly stored: readonly Cookie[];
  /** The `Cookie` header, as two kinds of runtimes read it: as bytes, and as UTF-8. */
  readonly headers: readonly string[];
  /** The value that the application has set under its own name. */
  readonly own: string | undefined;
  /** A text for the messages of assertions. */
  readonly hint: string;
}

const perRound = 20;

/**
 * Lets the hostile host and the application set cookies in Chromium, and checks each `Cookie` header. `FUZZ_BROWSER_RUNS`
 * sets the count of cookies, `FUZZ_SEED` repeats a run.
 *
 * @param options.own returns the cookie of the application; the default value differs in each round
 * @param options.planted the text that replaces `planted` in the cookies of the hostile host
 */
export async function setCookiesInChromium(
  hosts: SiblingHosts,
  check: (round: Round) => void | Promise<void>,
  {
    own = (at) => `own${at}`,
    planted = 'planted',
  }: { readonly own?: (at: number) => string; readonly planted?: string } = {},
) {
  const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const runs = Number(process.env.FUZZ_BROWSER_RUNS ?? 400);
  const counts = { seed, lines: 0, stored: 0, sent: 0 };
  const context = await hosts.browser.newContext();
  const page = await context.newPage();
  const lines = fc
    .sample(fc.oneof(line, lookalike), { numRuns: runs, seed })
    .map((text) => text.replaceAll('planted', planted));
  for (let at = 0; at < lines.length; at += perRound) {
    await context.clearCookies();
    hosts.hostileCookies = lines.slice(at, at + perRound);
    const ownValue = (at / perRound) % 2 === 0 ? own(at) : undefined;
    hosts.ownCookies = ownValue === undefined ? [] : [`${ownName}=${ownValue}; Path=/; Secure; HttpOnly`];
    await page.goto(hostileOrigin);
    await page.goto(`${appOrigin}/own`);
    await page.goto(hostileOrigin);
    await page.goto(appOrigin);
    const stored = await context.cookies();
    const received = hosts.readCookieHeader();
    const headers = [received, Buffer.from(received, 'latin1').toString('utf8')];
    await check({ stored, headers, own: ownValue, hint: JSON.stringify({ seed, at, received }) });
    counts.lines += hosts.hostileCookies.length;
    counts.stored += stored.length;
    counts.sent += received.split(';').length;
  }
  await context.close();
  expect(counts.stored).toBeGreaterThan(runs / 10);
  return counts;
}
