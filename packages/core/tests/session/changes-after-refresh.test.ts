// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import type { RequestSession } from '../../src/session/requests/request-session.ts';
import { createSessionOptions, createWebApp, sessionKinds } from '../support/web-browser.ts';

// A provider that does not rotate refresh tokens: a refresh token is its own successor.

const cases = sessionKinds.flatMap((kind) =>
  (['rotate', 'keep'] as const).map((refreshTokens) => [kind, refreshTokens] as const),
);

const addItem = ({ items = [] }: { readonly items?: readonly number[] }) => ({
  items: [...items, items.length + 1],
});

/** Opens a session whose tokens have just been refreshed. */
async function start(kind: (typeof sessionKinds)[number], refreshTokens: 'rotate' | 'keep') {
  const app = await createWebApp(createSessionOptions(kind), { server: { refreshTokens } });
  const browser = app.open();
  await browser.logIn();
  /** Runs one request with the newest cookies of the browser, and returns the data of the session. */
  const request = async (run: (session: RequestSession) => Promise<unknown>) => {
    app.server.clock.advance(2);
    const session = await app.sessions.open(browser.header());
    await run(session);
    for (const { name, value, maxAge } of session.cookies) {
      if (maxAge > 0) browser.cookies.set(name, value);
      else browser.cookies.delete(name);
    }
    return session.session?.data;
  };
  app.server.clock.advance(3_610);
  await request((session) => session.getAccessToken());
  return { app, request };
}

test.each(cases)('K12: %s session, provider that %ss: keeps each change after a refresh', async (...args) => {
  const { request } = await start(...args);
  for (let changes = 0; changes < 4; changes++) await request((session) => session.update(addItem));
  expect(await request(async () => {})).toEqual({ items: [1, 2, 3, 4] });
});

test.each(cases)('K12: %s session, provider that %ss: keeps a change at the next use', async (...args) => {
  const { request } = await start(...args);
  await request((session) => session.update(addItem));
  await request((session) => session.touch({ force: true }));
  expect(await request(async () => {})).toEqual({ items: [1] });
});

test.each(cases)(
  'K12: %s session, provider that %ss: keeps a change at the next refresh',
  async (...args) => {
    const { app, request } = await start(...args);
    await request((session) => session.update(addItem));
    await request((session) => session.getAccessToken({ resource: 'https://api.example.test/two' }));
    await request((session) => session.getAccessToken({ forceRefresh: true }));
    expect(app.server.requestsTo('token')).toHaveLength(4);
    expect(await request(async () => {})).toEqual({ items: [1] });
  },
);
