// @platforms node: the suite starts servers and Chromium.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMemorySessionStore } from '../../src/session/index.ts';
import { ownName, setCookiesInChromium } from './chromium-store.ts';
import { type SiblingHosts, startSiblingHosts } from './sibling-hosts.ts';

// Chromium is the reference: a session is read only if its store contains the cookie that the application has set. The
// names that the parser reads are in cookie-names.test.ts.

let hosts: SiblingHosts;
beforeAll(async () => {
  hosts = await startSiblingHosts({ store: createMemorySessionStore() });
}, 60_000);
afterAll(() => hosts?.close());

async function logIn(sub: string): Promise<string> {
  hosts.app.server.signIn(sub);
  const browser = hosts.app.open();
  await browser.logIn();
  const cookie = browser.cookies.get(ownName);
  if (cookie === undefined) throw new Error(`${sub} has no session`);
  return cookie;
}

test('S30: never reads the session of an attacker, and always that of the user', {
  timeout: 3_600_000,
}, async () => {
  const [alice, mallory] = [await logIn('alice'), await logIn('mallory')];
  const counts = { read: 0, planted: 0 };
  const { seed, lines, stored, sent } = await setCookiesInChromium(
    hosts,
    async ({ headers, own, hint }) => {
      for (const header of headers) {
        const { session } = await hosts.app.sessions.open(header);
        expect(session?.user.sub, hint).toBe(own === undefined ? undefined : 'alice');
        if (session) counts.read++;
        if (header.includes(mallory)) counts.planted++;
      }
    },
    { own: () => alice, planted: mallory },
  );
  console.log(
    `fuzz sessions in Chromium: ${lines} inputs, ${stored} stored, ${sent} sent, ${counts.read} read, seed ${seed}`,
  );
  expect(counts.read).toBeGreaterThan(0);
  expect(counts.planted).toBeGreaterThan(0);
  // The planted value is a valid session.
  const valid = await hosts.app.sessions.open(`${ownName}=${mallory}`);
  expect(valid.session?.user.sub).toBe('mallory');
});
