// @platforms node: the suite starts servers and Chromium.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseCookies } from '../../src/session/cookies/cookies.ts';
import { ownName, setCookiesInChromium } from './chromium-store.ts';
import { type SiblingHosts, startSiblingHosts } from './sibling-hosts.ts';

// Chromium is the reference. If a cookie is read under a name, the store of Chromium contains a cookie with exactly that
// name. If the name begins with `__Host-`, the application has set the cookie.

let hosts: SiblingHosts;
beforeAll(async () => {
  hosts = await startSiblingHosts();
}, 60_000);
afterAll(() => hosts?.close());

test('S30: reads a cookie only under the name that Chromium stores', {
  timeout: 3_600_000,
}, async () => {
  const counts = { read: 0, withHostPrefix: 0 };
  const { seed, lines, stored, sent } = await setCookiesInChromium(hosts, (round) => {
    for (const header of round.headers) {
      const cookies = parseCookies(header);
      for (const [name, text] of cookies) {
        const known = round.stored.filter((cookie) => cookie.name === name);
        expect(known.length, round.hint).toBeGreaterThan(0);
        counts.read++;
        if (!name.startsWith('__Host-')) continue;
        counts.withHostPrefix++;
        expect(
          known.map(({ domain }) => domain),
          round.hint,
        ).toContain('app.example.test');
        expect(text, round.hint).toBe(round.own);
      }
      expect(cookies.get(ownName), round.hint).toBe(round.own);
    }
  });
  console.log(
    `fuzz cookie names in Chromium: ${lines} inputs, ${stored} stored, ${sent} sent, ${counts.read} read, seed ${seed}`,
  );
  expect(counts.read).toBeGreaterThan(0);
  expect(counts.withHostPrefix).toBeGreaterThan(0);
});
