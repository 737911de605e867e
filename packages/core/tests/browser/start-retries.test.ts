// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createMemoryStorage } from '../../src/browser/state/token-storage.ts';
import type { Fetch } from '../../src/internal/fetch/bounded-fetch.ts';
import {
  advanceClock,
  createPage,
  openSignedInPage,
  origin,
  provider,
} from '../support/browser/browser-page.ts';
import { stubSilentFrame } from '../support/browser/silent-frame.ts';

const silentRedirectUri = `${origin}/silent.html`;
let isOffline: boolean;
let attempts: number;
let elapsed: number;

const fetch: Fetch = async (url, init) => {
  if (!isOffline) return provider.fetch(url, init);
  attempts++;
  throw new TypeError('Failed to fetch');
};

beforeEach(() => {
  isOffline = true;
  attempts = 0;
  elapsed = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => elapsed);
  const events = new EventTarget();
  vi.stubGlobal('addEventListener', events.addEventListener.bind(events));
  vi.stubGlobal('removeEventListener', events.removeEventListener.bind(events));
  vi.stubGlobal('dispatchEvent', events.dispatchEvent.bind(events));
  stubSilentFrame((url) => provider.approve(url));
});

describe('a start without a network', () => {
  const startOffline = async () => {
    const page = createPage({ silentRedirectUri, fetch });
    await page.auth.start();
    expect(page.auth.snapshot()).toMatchObject({ status: 'error', error: { code: 'network_error' } });
    return page;
  };

  test.each(['online', 'focus'])('is repeated at the event "%s"', async (name) => {
    const { auth } = await startOffline();
    dispatchEvent(new Event(name));
    await vi.waitFor(() => expect(attempts).toBe(2));
    isOffline = false;
    await vi.waitFor(() => {
      dispatchEvent(new Event(name));
      expect(auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'user-1' } });
    });
    expect(auth.snapshot().error).toBeUndefined();
  });

  test('is repeated by the next call, which waits for its result', async () => {
    const { auth } = await startOffline();
    isOffline = false;
    elapsed += 1_000;
    const tokens = await Promise.all([auth.getAccessToken(), auth.getAccessToken()]);
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(provider.tokenRequests).toHaveLength(1);
  });

  test('is repeated by calls after growing pauses, and each call fails with the reason', async () => {
    const { auth } = await startOffline();
    for (let call = 0; call < 100; call++) {
      elapsed += 100;
      await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'network_error' });
    }
    // In 10 seconds: after 1, 2 and 4 seconds.
    expect(attempts).toBe(4);
    expect(auth.snapshot().status).toBe('error');
  });

  test('is not repeated after stop()', async () => {
    const { auth } = await startOffline();
    auth.stop();
    dispatchEvent(new Event('online'));
    await Promise.resolve();
    expect(attempts).toBe(1);
  });

  test('is not repeated after a successful start', async () => {
    isOffline = false;
    const { auth } = createPage({ silentRedirectUri, fetch });
    await auth.start();
    isOffline = true;
    dispatchEvent(new Event('online'));
    elapsed += 100_000;
    await auth.start();
    expect([attempts, auth.snapshot().status]).toEqual([0, 'signed-in']);
  });
});

test('a stored login starts offline with its token, and continues after the token has expired', async () => {
  isOffline = false;
  const storage = createMemoryStorage();
  await openSignedInPage({ storage, fetch });
  isOffline = true;
  const { auth } = createPage({ storage, fetch, silentRedirectUri });
  await auth.start();
  expect(await auth.getAccessToken()).toMatchObject({ accessToken: expect.any(String) });
  expect([auth.snapshot().status, attempts]).toEqual(['signed-in', 0]);
  advanceClock(61);
  await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'network_error' });
  expect(auth.snapshot().status).toBe('signed-in');
});

test('uses the previous metadata for a day while the provider is unavailable', async () => {
  isOffline = false;
  let isMetadataUnavailable = false;
  const { auth } = await openSignedInPage({
    fetch: async (url, init) =>
      isMetadataUnavailable && url.includes('.well-known')
        ? new Response(null, { status: 503 })
        : provider.fetch(url, init),
  });
  isMetadataUnavailable = true;
  advanceClock(2 * 3600);
  expect(await auth.getAccessToken()).toMatchObject({ accessToken: expect.any(String) });
  advanceClock(25 * 3600);
  await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'server_error' });
});
