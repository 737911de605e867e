// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test, vi } from 'vitest';
import {
  advanceClock,
  createPage,
  openSignedInPage,
  origin,
  provider,
} from '../../../../tests/support/browser/browser-page.ts';
import { stubSilentFrame } from '../../../../tests/support/browser/silent-frame.ts';
import type { AccessToken } from '../../../tokens/token-set.ts';
import type { BrowserLock } from '../../state/tabs/web-lock.ts';
import { createMemoryStorage } from '../../state/token-storage.ts';

const silentRedirectUri = `${origin}/silent.html`;

describe('a silent login while a tab is suspended during its refresh', () => {
  /** The first tab holds the lock and waits for the response of its refresh. */
  async function suspendFirstTab(sub = 'user-1') {
    vi.useFakeTimers({ toFake: ['performance'] });
    let heldLock: string | undefined;
    const lock: BrowserLock = async (name, run) => {
      if (heldLock === name) {
        vi.advanceTimersByTime(16_000);
        return undefined;
      }
      heldLock = name;
      return run().finally(() => {
        heldLock = undefined;
      });
    };
    const storage = { ...createMemoryStorage(), reach: 'shared' as const };
    const { auth: suspended } = await openSignedInPage({ storage, lock });
    const { auth: other } = createPage({ storage, lock, silentRedirectUri });
    await other.start();
    advanceClock(61);
    provider.claims = (claims) => ({ ...claims, sub });
    stubSilentFrame((url) => provider.approve(url));
    let late: Promise<AccessToken> | undefined;
    const resume = await new Promise<() => void>((reportRequest) => {
      provider.intercept = async ({ parameters }) => {
        if (parameters.get('grant_type') === 'refresh_token') await new Promise<void>(reportRequest);
        return undefined;
      };
      late = suspended.getAccessToken();
    });
    return { suspended, other, late, resume };
  }
  const readSentTokens = () =>
    provider.tokenRequests.flatMap(({ parameters }) => parameters.getAll('refresh_token'));

  test('B4: runs in other tabs, and the refresh token is sent once', async () => {
    const { suspended, other, late, resume } = await suspendFirstTab();
    const { accessToken } = await other.getAccessToken();
    expect(readSentTokens()).toHaveLength(1);
    resume();
    expect((await late)?.accessToken).toBe(accessToken);
    expect(readSentTokens()).toHaveLength(1);
    for (const tab of [suspended, other]) {
      expect((await tab.getAccessToken()).accessToken).toBe(accessToken);
      expect(tab.snapshot().status).toBe('signed-in');
    }
  });

  test('B4: does not accept another user in other tabs', async () => {
    const { other, late, resume } = await suspendFirstTab('user-2');
    await expect(other.getAccessToken()).rejects.toMatchObject({ code: 'lock_timeout' });
    expect(other.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'user-1' } });
    // Not revoked: that would end the login of the other user in another tab.
    expect(provider.revoked).toEqual([]);
    provider.claims = (claims) => claims;
    resume();
    const token = await late;
    expect((await other.getAccessToken()).accessToken).toBe(token?.accessToken);
  });
});
