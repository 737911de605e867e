// @platforms node: the suite starts servers and Chromium.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseCookies } from '../../src/session/cookies/cookies.ts';
import { appOrigin, hostileOrigin, type SiblingHosts, startSiblingHosts } from './sibling-hosts.ts';

// Chromium is the reference. If a cookie is read under a name, the store of Chromium contains a cookie with exactly that
// name. If the name begins with `__Host-`, the application has set the cookie.

let hosts: SiblingHosts;
beforeAll(async () => {
  hosts = await startSiblingHosts();
}, 60_000);
afterAll(() => hosts?.close());

const ownName = '__Host-session';
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
const affix = fc.oneof(
  { weight: 5, arbitrary: fc.constant('') },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      ...[
        '\xa0',
        '\x85',
        '\xff',
        '\xad',
        '\xc2\xa0',
        '\xc2\x85',
        '\xef\xbb\xbf',
        '\xe2\x80\x83',
        '\xe2\x80\xa8',
      ],
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
    ),
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

function toCharacter(code: number): string {
  return String.fromCharCode(code);
}

const perRound = 20;

test('S30: reads a cookie only under the name that Chromium stores', {
  timeout: 3_600_000,
}, async () => {
  const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const runs = Number(process.env.FUZZ_RUNS ?? 400);
  const counts = { seed, lines: 0, stored: 0, sent: 0, read: 0, withHostPrefix: 0 };
  const context = await hosts.browser.newContext();
  const page = await context.newPage();
  const lines = fc.sample(line, { numRuns: runs, seed });
  for (let at = 0; at < lines.length; at += perRound) {
    await context.clearCookies();
    hosts.hostileCookies = lines.slice(at, at + perRound);
    const isSet = (at / perRound) % 2 === 0;
    hosts.ownCookies = isSet ? [`${ownName}=own${at}; Path=/; Secure; HttpOnly`] : [];
    await page.goto(hostileOrigin);
    await page.goto(`${appOrigin}/own`);
    await page.goto(hostileOrigin);
    await page.goto(appOrigin);
    const stored = await context.cookies();
    const received = hosts.readCookieHeader();
    // Runtimes read headers as bytes or as UTF-8.
    for (const header of [received, Buffer.from(received, 'latin1').toString('utf8')]) {
      const cookies = parseCookies(header);
      const hint = JSON.stringify({ seed, at, header });
      for (const [name, text] of cookies) {
        const known = stored.filter((cookie) => cookie.name === name);
        expect(known.length, hint).toBeGreaterThan(0);
        counts.read++;
        if (!name.startsWith('__Host-')) continue;
        counts.withHostPrefix++;
        expect(
          known.map(({ domain }) => domain),
          hint,
        ).toContain('app.example.test');
        expect(text, hint).toBe(`own${at}`);
      }
      expect(cookies.get(ownName), hint).toBe(isSet ? `own${at}` : undefined);
    }
    counts.lines += hosts.hostileCookies.length;
    counts.stored += stored.length;
    counts.sent += received.split(';').length;
  }
  await context.close();
  console.log(`cookies in Chromium: ${JSON.stringify(counts)}`);
  expect(counts.stored).toBeGreaterThan(runs / 10);
  expect(counts.read).toBeGreaterThan(0);
  expect(counts.withHostPrefix).toBeGreaterThan(0);
});
