// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test, vi } from 'vitest';
import { createMemoryStorage } from '../../../src/browser/state/token-storage.ts';
import { advanceClock, createPage, openSignedInPage, provider } from '../../support/browser/browser-page.ts';

describe('a refresh', () => {
  test('returns a valid token without a request', async () => {
    const { auth } = await openSignedInPage();
    const first = await auth.getAccessToken();
    expect(await auth.getAccessToken()).toEqual(first);
    expect(provider.tokenRequests).toHaveLength(1);
  });

  test('B4: shares one refresh among fifty concurrent calls', async () => {
    const { auth } = await openSignedInPage();
    advanceClock(40);
    const tokens = await Promise.all(Array.from({ length: 50 }, () => auth.getAccessToken()));
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(provider.tokenRequests).toHaveLength(2);
  });

  test('B4: sends each refresh token once from tabs with a shared storage', async () => {
    const shared = { ...createMemoryStorage(), reach: 'shared' as const };
    const { auth } = await openSignedInPage({ storage: shared });
    const tabs = [auth, ...Array.from({ length: 4 }, () => createPage({ storage: shared }).auth)];
    await Promise.all(tabs.map((tab) => tab.start()));
    advanceClock(40);
    const tokens = await Promise.all(tabs.map((tab) => tab.getAccessToken()));
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(provider.tokenRequests).toHaveLength(2);
  });

  test('B4: refreshes once from all tabs if the provider does not rotate refresh tokens', async () => {
    provider.rotates = false;
    const shared = { ...createMemoryStorage(), reach: 'shared' as const };
    const { auth } = await openSignedInPage({ storage: shared });
    const { auth: other } = createPage({ storage: shared });
    await other.start();
    advanceClock(40);
    await Promise.all([auth.getAccessToken(), other.getAccessToken()]);
    expect(provider.tokenRequests).toHaveLength(2);
  });

  /** A lock that another tab holds; each attempt advances the clock by 15 seconds. */
  const waitForHeldLock = async () => {
    vi.advanceTimersByTime(16_000);
    return undefined;
  };

  test('B4: fails after the timeout if the lock is never released', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { auth } = await openSignedInPage({ lock: waitForHeldLock });
    advanceClock(61);
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'lock_timeout' });
    expect(auth.snapshot().status).toBe('signed-in');
  });

  test('B4: returns a token inside its leeway while the lock is held', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { auth } = await openSignedInPage({ lock: waitForHeldLock });
    const { accessToken } = await auth.getAccessToken();
    advanceClock(40);
    expect((await auth.getAccessToken()).accessToken).toBe(accessToken);
  });

  test('B4: uses the tokens of another tab although a suspended tab holds the lock', async () => {
    const shared = { ...createMemoryStorage(), reach: 'shared' as const };
    const { auth } = await openSignedInPage({ storage: shared });
    const { auth: other } = createPage({ storage: shared, lock: async () => undefined });
    await other.start();
    advanceClock(61);
    const waiting = other.getAccessToken();
    const { accessToken } = await auth.getAccessToken();
    expect((await waiting).accessToken).toBe(accessToken);
    expect(provider.tokenRequests).toHaveLength(2);
  });

  test('continues in a waiting tab at the message of the refreshing tab', async () => {
    const shared = { ...createMemoryStorage(), reach: 'shared' as const };
    const { auth } = await openSignedInPage({ storage: shared });
    let reportAttempt = () => {};
    const firstAttempt = new Promise<void>((resolve) => {
      reportAttempt = resolve;
    });
    const lock = async () => reportAttempt() as undefined;
    const { auth: other } = createPage({ storage: shared, lock });
    await other.start();
    advanceClock(61);
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const waiting = other.getAccessToken();
    await firstAttempt;
    const { accessToken } = await auth.getAccessToken();
    expect((await waiting).accessToken).toBe(accessToken);
  });

  test('B4: fetches metadata before it acquires the lock, so that a suspended tab does not block others', async () => {
    const shared = { ...createMemoryStorage(), reach: 'shared' as const };
    await openSignedInPage({ storage: shared });
    const countRequests = () => provider.count('/.well-known/openid-configuration');
    const before = countRequests();
    let ready: number | undefined;
    const { auth } = createPage({
      storage: shared,
      lock: (_, run) => {
        ready = countRequests();
        return run();
      },
    });
    advanceClock(61);
    await auth.getAccessToken();
    expect(ready).toBe(before + 1);
  });

  test('B4: processes a response that arrived while the tab was suspended before the timeout fires', async () => {
    const { auth } = await openSignedInPage({ timeout: 600 });
    advanceClock(61);
    provider.intercept = () => {
      for (const end = performance.now() + 700; performance.now() < end; );
      // After the timers that are due, as in a page that resumes.
      return new Promise((resolve) => setImmediate(() => resolve(undefined)));
    };
    await auth.getAccessToken();
    expect(provider.tokenRequests).toHaveLength(2);
  });

  test('refreshes for two resources one after the other, with the rotated refresh tokens', async () => {
    const { auth } = await openSignedInPage();
    const resources = ['https://a.example', 'https://b.example'];
    const tokens = await Promise.all(resources.map((resource) => auth.getAccessToken({ resource })));
    expect(tokens.map(({ resource }) => resource)).toEqual(resources);
    const spent = provider.tokenRequests.map(({ parameters }) => parameters.get('refresh_token'));
    expect(spent).toHaveLength(3);
    expect(new Set(spent).size).toBe(3);
    expect(auth.snapshot().status).toBe('signed-in');
  });

  test('B6: replaces a rejected token once for all requests that used it', async () => {
    const { auth } = await openSignedInPage();
    const { accessToken } = await auth.getAccessToken();
    const parallel = await Promise.all(
      Array.from({ length: 20 }, () => auth.getAccessToken({ rejectedToken: accessToken })),
    );
    const late = await auth.getAccessToken({ rejectedToken: accessToken });
    expect(new Set([...parallel, late].map((token) => token.accessToken)).size).toBe(1);
    expect(late.accessToken).not.toBe(accessToken);
    expect(provider.tokenRequests).toHaveLength(2);
  });

  test('B4: releases the lock after the timeout of a fetch that ignores its signal', async () => {
    const { auth } = await openSignedInPage({ timeout: 2_000 });
    advanceClock(61);
    provider.intercept = () => new Promise(() => {});
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'timeout' });
    provider.intercept = undefined;
    await auth.getAccessToken();
    expect(provider.tokenRequests).toHaveLength(3);
  });
});
