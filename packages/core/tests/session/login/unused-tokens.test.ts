// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { createMemorySessionStore } from '../../../src/session/index.ts';
import { createSessionOptions, createWebApp, sessionKinds } from '../../support/web-browser.ts';

// The code was exchanged, but no session begins: no session has the refresh token.

const createFailingStore = () => {
  const store = createMemorySessionStore();
  const set = store.set.bind(store);
  const state = { isFailing: true };
  store.set = (...parameters) =>
    state.isFailing ? Promise.reject(new Error('unavailable')) : set(...parameters);
  return { store, state };
};

test.each(sessionKinds)('S81, %s: revokes the refresh token of a login without UserInfo', async (kind) => {
  const app = await createWebApp({ ...createSessionOptions(kind), userinfo: true });
  app.server.fail('userinfo', { status: 503, times: 9 });
  const response = await app.open().logIn();
  expect(response.status).toBe(503);
  expect(app.server.requestsTo('revocation')).toHaveLength(1);
});

test('S81: revokes the refresh token of a login whose session cannot be stored', async () => {
  const app = await createWebApp({ store: createFailingStore().store });
  expect((await app.open().logIn()).status).toBe(503);
  expect(app.server.requestsTo('revocation')).toHaveLength(1);
});

test('does not revoke a grant that a session of the browser may share', async () => {
  for (const fault of ['userinfo', 'store']) {
    const { store, state } = createFailingStore();
    state.isFailing = false;
    const app = await createWebApp({ store, userinfo: true });
    const browser = app.open();
    await browser.logIn();
    if (fault === 'store') state.isFailing = true;
    else app.server.fail('userinfo', { status: 503, times: 9 });
    expect((await browser.logIn()).status).toBe(503);
    expect(app.server.requestsTo('revocation')).toEqual([]);
    expect((await app.sessions.open(browser.header())).session?.user.sub).toBe('alice');
  }
});

test.each(sessionKinds)(
  'S81, %s: revokes the refresh token of a login beside an expired session of the same user',
  async (kind) => {
    const app = await createWebApp({ ...createSessionOptions(kind), userinfo: true, idleLifetime: 100 });
    const browser = app.open();
    await browser.logIn();
    app.server.clock.advance(200);
    app.server.fail('userinfo', { status: 503, times: 9 });
    expect((await browser.logIn()).status).toBe(503);
    expect(app.server.requestsTo('revocation')).toHaveLength(1);
  },
);
