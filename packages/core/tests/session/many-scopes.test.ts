// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { LoginRequiredError } from '../../src/errors.ts';
import type { SessionState } from '../../src/session/backends/state/session-state.ts';
import { endLoginLoop, type RequiredLogin } from '../../src/session/requests/login-loop.ts';
import { createSessionOptions, createWebApp, sessionKinds } from '../support/web-browser.ts';

// A page passes input of its request as `scope` or `resource`. The requests of one session are limited, because the
// provider limits the rate of the whole client.

const inputCount = 50;
const limit = 20;

type TokenRequest = { readonly scope?: string; readonly resource?: string };

async function setUp(kind: (typeof sessionKinds)[number]) {
  // The clock of the application does not advance by itself, so that the count of refreshes does not depend on the machine.
  let time = Date.now();
  const app = await createWebApp(createSessionOptions(kind), { client: { now: () => time } });
  const browser = app.open();
  await browser.logIn();
  const countRefreshes = () => app.server.requestsTo('token').length - 1;
  return {
    app,
    countRefreshes,
    advanceClock(seconds: number) {
      time += seconds * 1000;
      app.server.clock.advance(seconds);
    },
    async request(request: TokenRequest) {
      const session = await app.sessions.open(browser.header());
      try {
        return await session.getAccessToken(request);
      } finally {
        for (const { name, value, maxAge } of session.cookies) {
          if (maxAge > 0) browser.cookies.set(name, value);
          else browser.cookies.delete(name);
        }
      }
    },
  };
}

const kindsOfInput: readonly [string, (index: number) => TokenRequest][] = [
  ['resources', (index) => ({ resource: `https://api.example.test/${index}` })],
  ['scopes', (index) => ({ scope: `openid ${'profile '.repeat(index + 1)}`.trim() })],
  ['scopes that the provider rejects', (index) => ({ scope: `openid invented-${index}` })],
  [
    'resources and scopes',
    (index) => ({ scope: 'openid', resource: `https://api.example.test/${index % 25}/${index}` }),
  ],
];

for (const kind of sessionKinds) {
  test.each(kindsOfInput)(
    `S86, ${kind}: 50 different %s cause at most 20 refreshes of a session`,
    async (_, create) => {
      const { countRefreshes, advanceClock, request } = await setUp(kind);
      const errors: { code?: string; retryAfter?: number }[] = [];
      for (let index = 0; index < inputCount; index++)
        await request(create(index)).catch((error) => errors.push(error));
      expect(countRefreshes()).toBe(limit);
      const last = errors.at(-1);
      expect(last).toMatchObject({
        code: 'rate_limited',
        message: expect.stringContaining('"scope" or "resource"'),
      });
      expect(last?.retryAfter).toBeGreaterThan(0);
      expect(last?.retryAfter).toBeLessThanOrEqual(10);
      // The user stays signed in, with the token of the login. One more token can be requested after the pause.
      await request({});
      const count = countRefreshes();
      advanceClock(last?.retryAfter ?? 0);
      await request(create(inputCount)).catch(({ code }) => expect(code).not.toBe('rate_limited'));
      expect(countRefreshes()).toBe(count + 1);
      await expect(request(create(inputCount + 1))).rejects.toMatchObject({ code: 'rate_limited' });
      expect(countRefreshes()).toBe(count + 1);
    },
  );

  test(`S86, ${kind}: 50 concurrent requests with different resources cause at most 20 refreshes`, async () => {
    const { app, countRefreshes, request } = await setUp(kind);
    const results = await Promise.allSettled(
      Array.from({ length: inputCount }, (_, index) =>
        request({ resource: `https://api.example.test/${index}` }),
      ),
    );
    expect(countRefreshes()).toBe(limit);
    for (const result of results)
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: expect.stringMatching(/^(rate_limited|lock_timeout)$/) });
    // The login continues, with the cookie from before the refreshes too.
    await request({});
    // Another session of the same user is not limited.
    const other = app.open();
    await other.logIn();
    const session = await app.sessions.open(other.header());
    await session.getAccessToken({ resource: 'https://api.example.test/other' });
  });

  test(`${kind}: does not limit refreshes of tokens that the session contains`, async () => {
    const { advanceClock, request } = await setUp(kind);
    for (let hour = 0; hour < 30; hour++) {
      advanceClock(3_590);
      await request({});
      await request({ resource: 'https://api.example.test/one' });
    }
  });
}

test('S86: the memory does not contain the text of a requested scope or resource', async () => {
  const requiredLogins = new Map<string, RequiredLogin>();
  let time = 1_000_000;
  const context = { requiredLogins, now: () => time * 1000 };
  const state = { id: 'session', createdAt: 0, tokens: { claims: { iss: 'issuer', sub: 'alice' } } };
  const reject = async (scope: string) => {
    const error = new LoginRequiredError('interaction_required', 'Log in again.');
    expect(await endLoginLoop(context, state as unknown as SessionState, { scope }, error)).toBe(error);
  };
  for (let index = 0; index < 20; index++) await reject(`${index} ${'x'.repeat(14_000)}`);
  expect(requiredLogins.size).toBe(20);
  for (const key of requiredLogins.keys()) expect(key.length).toBeLessThan(100);
  // Entries that no longer end a loop are deleted.
  time += 600;
  await reject('another');
  expect(requiredLogins.size).toBe(1);
});
