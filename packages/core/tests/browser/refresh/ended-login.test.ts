// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { expect, test, vi } from 'vitest';
import type { StoredTokenSet } from '../../../src/browser/state/login-holder.ts';
import { createMemoryStorage, type TokenStorage } from '../../../src/browser/state/token-storage.ts';
import {
  advanceClock,
  createPage,
  events,
  openSignedInPage,
  type Page,
  provider,
  startLogin,
} from '../../support/browser/browser-page.ts';

// The provider ends the login of a user while the user logs in again in another tab. The storage is shared.

const key = () => `countersign ${provider.issuer} spa tokens`;

/** Begins a second login, whose code is exchanged when `finish` is called. */
async function beginSecondLogin() {
  const storage: TokenStorage = { ...createMemoryStorage(), reach: 'shared' };
  const first = { ...(await openSignedInPage({ storage })), storage };
  let release = () => {};
  const isReleased = new Promise<void>((resolve) => {
    release = resolve;
  });
  let reportExchange = () => {};
  const isExchanging = new Promise<void>((resolve) => {
    reportExchange = resolve;
  });
  const second = createPage({
    storage,
    async fetch(input, init) {
      if (String(input).includes('/token')) {
        reportExchange();
        await isReleased;
      }
      return provider.fetch(input, init);
    },
  });
  await second.auth.start();
  const login = second.auth.handleCallback(provider.approve(await startLogin(second)));
  login.catch(() => {});
  await isExchanging;
  const finish = () => {
    release();
    return login;
  };
  return { first, second, finish, readStored: () => storage.get(key()) as StoredTokenSet | undefined };
}

async function endAtProvider({ auth }: Page) {
  advanceClock(61);
  provider.intercept = ({ parameters }) =>
    parameters.get('grant_type') === 'refresh_token'
      ? Response.json({ error: 'invalid_grant' }, { status: 400 })
      : undefined;
  await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
  expect(auth.snapshot().status).toBe('signed-out');
}

test('completes a login during which the provider ends the earlier login of the user', async () => {
  const { first, second, finish, readStored } = await beginSecondLogin();
  const previous = readStored()?.login;
  await endAtProvider(first);
  await finish();
  expect(second.auth.snapshot().status).toBe('signed-in');
  expect(readStored()?.login).toMatch(/^[\w-]{43}$/);
  expect(readStored()?.login).not.toBe(previous);
  await vi.waitFor(() => expect(first.auth.snapshot().status).toBe('signed-in'));
});

test('an ended login leaves no token and no claim in the storage', async () => {
  const { first, readStored } = await beginSecondLogin();
  await endAtProvider(first);
  expect(readStored()).toEqual({
    accessTokens: [],
    scopes: [],
    updatedAt: expect.any(Number),
    loginStartedAt: expect.any(Number),
    endedLogin: expect.any(String),
  });
});

test('completes the login although another page has opened after the end', async () => {
  const { first, second, finish } = await beginSecondLogin();
  await endAtProvider(first);
  const third = createPage({ storage: first.storage });
  await third.auth.start();
  expect(third.auth.snapshot()).toEqual({ status: 'signed-out' });
  await finish();
  expect(second.auth.snapshot().status).toBe('signed-in');
});

test('a logout after the end deletes the name of the login, and revokes nothing', async () => {
  const { first, readStored } = await beginSecondLogin();
  await endAtProvider(first);
  events.length = 0;
  // The metadata is unknown to a page that opens now.
  const third = createPage({ storage: first.storage, fetch: () => Promise.reject(new Error('offline')) });
  await third.auth.start();
  await third.auth.logout({ localOnly: true });
  expect(readStored()).toBeUndefined();
  expect(events).toEqual([expect.objectContaining({ type: 'session.ended', reason: 'logout' })]);
});

test('B25: rejects a login that began before a logout, even if the provider had already ended the earlier login', async () => {
  // The message of the logout does not arrive.
  vi.stubGlobal('BroadcastChannel', undefined);
  const { first, finish, readStored } = await beginSecondLogin();
  await endAtProvider(first);
  await first.auth.logout({ localOnly: true });
  await expect(finish()).rejects.toMatchObject({ code: 'session_ended' });
  expect(readStored()).toBeUndefined();
});
