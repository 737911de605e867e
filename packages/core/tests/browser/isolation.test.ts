// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as first from '../../src/browser/index.ts';
import { advanceClock, origin, time } from '../support/browser/browser-page.ts';
import { createTestProvider, type TestProvider } from '../support/browser/browser-provider.ts';
import { stubSilentFrame } from '../support/browser/silent-frame.ts';
import { getOnlyLogin } from '../support/browser/visited-urls.ts';

// Clients of two providers in one page. They have the same client ID, and share the storage of the tab.

type Browser = typeof first;
let second: Browser;
beforeAll(async () => {
  vi.resetModules();
  second = await import('../../src/browser/index.ts');
});

test('the test loads the copy as a separate module', () => {
  expect(second.createBrowserAuth).not.toBe(first.createBrowserAuth);
});

let one: TestProvider;
let two: TestProvider;
beforeEach(async () => {
  // Their keys have the same `kid`.
  one = await createTestProvider(() => time, { issuer: 'https://one.example', sub: 'alice', ownKeys: true });
  two = await createTestProvider(() => time, { issuer: 'https://two.example', sub: 'bob', ownKeys: true });
  stubSilentFrame((url) => (url.startsWith(one.issuer) ? one : two).approve(url));
});

async function logIn(copy: Browser, provider: TestProvider, reach: 'memory' | 'tab') {
  const visited: string[] = [];
  const auth = copy.createBrowserAuth({
    issuer: provider.issuer,
    clientId: 'spa',
    redirectUri: `${origin}/callback`,
    silentRedirectUri: `${origin}/silent.html`,
    fetch: provider.fetch,
    now: () => time,
    navigate: (url) => void visited.push(url),
    onEvent: () => {},
    storage: reach === 'memory' ? copy.createMemoryStorage() : copy.createWebStorage('tab'),
  });
  // Each silent login restores the user of its own provider.
  await auth.start();
  await auth.login();
  await auth.handleCallback(provider.approve(getOnlyLogin(visited)));
  return auth;
}

const cases = (['memory', 'tab'] as const).flatMap((reach) => [
  { modules: 'one module', reach },
  { modules: 'two copies of the module', reach },
]);

describe.each(cases)(
  'B33: clients of two providers, of $modules, with the storage $reach',
  ({ modules, reach }) => {
    async function logInBoth() {
      const other = modules === 'one module' ? first : second;
      return [await logIn(first, one, reach), await logIn(other, two, reach)] as const;
    }

    test('share no user, token, key or metadata', async () => {
      const clients = await logInBoth();
      expect(clients.map((auth) => auth.snapshot().claims?.sub)).toEqual(['alice', 'bob']);
      const findTokens = async () =>
        (await Promise.all(clients.map((auth) => auth.getAccessToken()))).map(
          ({ accessToken, holder }) => `${accessToken.split('-')[0]} of ${holder?.iss}`,
        );
      const expected = ['alice of https://one.example', 'bob of https://two.example'];
      expect(await findTokens()).toEqual(expected);
      advanceClock(61);
      // Both refresh at the same time.
      expect(await findTokens()).toEqual(expected);
      for (const [provider, sub] of [
        [one, 'alice'],
        [two, 'bob'],
      ] as const) {
        const spent = provider.tokenRequests.map(({ parameters }) => parameters.get('refresh_token'));
        expect(spent.filter((token) => token !== null)).toEqual([expect.stringMatching(`^${sub}-`)]);
        expect(provider.count('/.well-known/openid-configuration')).toBe(1);
        expect(provider.count('/jwks')).toBe(1);
      }
      for (const auth of clients) auth.stop();
    });

    test('log out one by one', async () => {
      const [alice, bob] = await logInBoth();
      await alice.logout({ localOnly: true });
      expect(one.revoked).toHaveLength(1);
      expect(two.revoked).toEqual([]);
      expect(alice.snapshot().status).toBe('signed-out');
      await expect(bob.getAccessToken()).resolves.toMatchObject({ holder: { sub: 'bob', iss: two.issuer } });
      for (const auth of [alice, bob]) auth.stop();
    });
  },
);
