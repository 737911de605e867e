// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test, vi } from 'vitest';
import { createMemoryStorage } from '../../../src/browser/state/token-storage.ts';
import { advanceClock, createPage, openSignedInPage, provider } from '../../support/browser/browser-page.ts';
import { json } from '../../support/browser/browser-provider.ts';

describe('a refresh', () => {
  test('C5: sends no request before Retry-After has passed', async () => {
    const { auth } = await openSignedInPage();
    advanceClock(61);
    provider.intercept = () => new Response(null, { status: 429, headers: { 'retry-after': '20' } });
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 20 });
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'rate_limited' });
    expect(provider.tokenRequests).toHaveLength(2);
    provider.intercept = undefined;
    advanceClock(21);
    await auth.getAccessToken();
    expect(provider.tokenRequests).toHaveLength(3);
  });

  test('C5: sends no request from any tab with shared tokens during the pause', async () => {
    const shared = { ...createMemoryStorage(), reach: 'shared' as const };
    const { auth } = await openSignedInPage({ storage: shared });
    const tabs = [auth, ...Array.from({ length: 4 }, () => createPage({ storage: shared }).auth)];
    await Promise.all(tabs.map((tab) => tab.start()));
    advanceClock(61);
    provider.intercept = () => new Response(null, { status: 429, headers: { 'retry-after': '20' } });
    for (const result of await Promise.allSettled(tabs.map((tab) => tab.getAccessToken())))
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'rate_limited' } });
    expect(provider.tokenRequests).toHaveLength(2);
    provider.intercept = undefined;
    advanceClock(21);
    await Promise.all(tabs.map((tab) => tab.getAccessToken()));
    expect(provider.tokenRequests).toHaveLength(3);
  });

  const failures: [string, string, () => Response][] = [
    ['status 503', 'server_error', () => new Response(null, { status: 503 })],
    ['status 500', 'server_error', () => new Response('<h1>Error</h1>', { status: 500 })],
    ['status 429', 'rate_limited', () => new Response(null, { status: 429 })],
    [
      'temporarily_unavailable',
      'server_error',
      () => json({ error: 'temporarily_unavailable' }, { status: 400 }),
    ],
    [
      'no response',
      'network_error',
      () => {
        throw new TypeError('failed to fetch');
      },
    ],
  ];

  test.each(failures)('C5: is repeated after growing pauses after %s', async (_, code, respond) => {
    const { auth } = await openSignedInPage();
    advanceClock(61);
    provider.intercept = respond;
    const sentAt: number[] = [];
    for (let second = 0; second < 180; second++, advanceClock(1)) {
      const count = provider.tokenRequests.length;
      await expect(auth.getAccessToken()).rejects.toMatchObject({ code });
      if (provider.tokenRequests.length > count) sentAt.push(second);
    }
    // Pauses of 1, 2, 4, 8, 16, 32 and 60 seconds, with up to a tenth of random delay.
    const intervals = sentAt.slice(1).map((second, index) => second - (sentAt[index] as number));
    const pauses = code === 'rate_limited' ? intervals : intervals.slice(1);
    expect(pauses.length).toBeGreaterThanOrEqual(6);
    pauses.forEach((length, index) => {
      const pause = Math.min(2 ** index, 60);
      expect(length).toBeGreaterThanOrEqual(pause);
      expect(length).toBeLessThanOrEqual(Math.ceil(pause * 1.1) + 1);
    });
    provider.intercept = undefined;
    advanceClock(67);
    expect(await auth.getAccessToken()).toMatchObject({ accessToken: expect.any(String) });
    // The pauses begin again after a success.
    advanceClock(61);
    provider.intercept = respond;
    const before = provider.tokenRequests.length;
    for (let call = 0; call < 3; call++) await auth.getAccessToken().catch(() => {});
    expect(provider.tokenRequests.length - before).toBe(code === 'rate_limited' ? 1 : 2);
  });

  test.each([
    [503, '120'],
    [500, '120'],
    [503, 'Thu, 01 Jan 2026 00:03:01 GMT'],
  ])('C5: sends no request before Retry-After of status %d has passed: %s', async (status, retryAfter) => {
    const { auth } = await openSignedInPage();
    advanceClock(61);
    provider.intercept = () => new Response(null, { status, headers: { 'retry-after': retryAfter } });
    for (let second = 0; second < 119; second++, advanceClock(1))
      await expect(auth.getAccessToken()).rejects.toMatchObject({
        code: 'server_error',
        retryAfter: 120 - second,
      });
    expect(provider.tokenRequests).toHaveLength(2);
    advanceClock(2);
    provider.intercept = undefined;
    await auth.getAccessToken();
    expect(provider.tokenRequests).toHaveLength(3);
  });

  test('C5: returns a token inside its leeway during a pause', async () => {
    const { auth } = await openSignedInPage();
    const { accessToken } = await auth.getAccessToken();
    advanceClock(40);
    provider.intercept = () => new Response(null, { status: 503, headers: { 'retry-after': '120' } });
    for (let call = 0; call < 3; call++) expect((await auth.getAccessToken()).accessToken).toBe(accessToken);
    expect(provider.tokenRequests).toHaveLength(2);
  });

  test('C5: sends no request for metadata during a pause', async () => {
    const storage = { ...createMemoryStorage(), reach: 'shared' as const };
    await openSignedInPage({ storage });
    advanceClock(61);
    let requests = 0;
    const { auth } = createPage({
      storage,
      fetch: async () => {
        requests++;
        return new Response(null, { status: 503, headers: { 'retry-after': '120' } });
      },
    });
    await auth.start();
    for (let call = 0; call < 5; call++)
      await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'server_error' });
    // Once before the lock, and once under it.
    expect(requests).toBe(2);
  });

  test.each([
    ['online', true],
    ['online', false],
    ['focus', true],
    ['focus', false],
  ])('ends the pause after a network error at the event "%s", called before: %s', async (name, isCalled) => {
    const target = new EventTarget();
    vi.stubGlobal('addEventListener', target.addEventListener.bind(target));
    vi.stubGlobal('removeEventListener', target.removeEventListener.bind(target));
    const { auth } = await openSignedInPage();
    advanceClock(61);
    const fail = () => {
      throw new TypeError('failed to fetch');
    };
    provider.intercept = fail;
    for (let call = 0; call < (isCalled ? 3 : 2); call++) await auth.getAccessToken().catch(() => {});
    expect(provider.tokenRequests).toHaveLength(3);
    provider.intercept = undefined;
    if (isCalled) await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'network_error' });
    target.dispatchEvent(new Event(name));
    expect(await auth.getAccessToken()).toMatchObject({ accessToken: expect.any(String) });
  });

  test('a clock that is set back does not prolong a pause', async () => {
    const { auth } = await openSignedInPage();
    advanceClock(61);
    provider.intercept = () => new Response(null, { status: 503, headers: { 'retry-after': '10' } });
    await auth.getAccessToken().catch(() => {});
    provider.intercept = undefined;
    advanceClock(-30);
    await auth.getAccessToken({ forceRefresh: true });
    expect(provider.tokenRequests).toHaveLength(3);
  });

  test('C5: does not restore an ended login when it stores a pause', async () => {
    const storage = createMemoryStorage();
    const { auth } = await openSignedInPage({ storage });
    advanceClock(61);
    provider.intercept = async () => {
      await auth.logout({ localOnly: true });
      return new Response(null, { status: 429, headers: { 'retry-after': '20' } });
    };
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'rate_limited' });
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
  });
});
