import { describe, expect, test, vi } from 'vitest';
import type { TokenHolder, TokenSet } from '../../src/index.ts';
import { createMemoryLock, type RefreshLock } from '../../src/tokens/stores/refresh-lock.ts';
import { createCoordinator, expireTokens, runConcurrently } from '../support/refresh/coordinator.ts';
import {
  cookieHolder,
  createSharedSessions,
  createTestProvider,
} from '../support/refresh/refresh-provider.ts';

describe('unavailable stores', () => {
  const fail = async (): Promise<never> => {
    throw new Error('the store is unavailable');
  };

  test('serializes the requests of this process without lock and successors, and reports an event', async () => {
    const provider = createTestProvider();
    const cookie = expireTokens(provider.login('alice'));
    const client = provider.client();
    const tokens = createCoordinator(client, {
      lock: { acquire: fail, renew: fail, release: fail },
      successors: { get: fail, set: fail },
    });
    const results = await runConcurrently(50, (i) =>
      tokens.getAccessToken(cookieHolder(cookie), { resource: `r${i % 3}` }),
    );
    for (const [i, { accessToken }] of results.entries())
      expect(accessToken.accessToken).toContain(`.r${i % 3}.`);
    expect(provider.state).toMatchObject({ requests: 3, replays: 0 });
    for (const port of ['lock', 'successor'])
      expect(client.events).toContainEqual({ type: 'store.unavailable', port });
  });

  test('returns a token that the session store rejects, writes it later, and does not send the spent refresh token', {
    timeout: 30_000,
  }, async () => {
    const provider = createTestProvider();
    const { sessions, holder, state } = createSharedSessions();
    sessions.set('s', expireTokens(provider.login('alice')));
    provider.state.after = async () => {
      state.isUnavailable = true;
    };
    const client = provider.client();
    const shared = { lock: createMemoryLock(), lockWait: 200 };
    const tokens = createCoordinator(client, shared);
    const { accessToken, tokens: next } = await tokens.getAccessToken(holder('s'));
    expect(accessToken.accessToken).toContain('alice');
    expect(client.events).toContainEqual({ type: 'store.unavailable', port: 'session' });
    await expect(tokens.getAccessToken(holder('s'))).rejects.toThrow('the store is unavailable');
    provider.state.after = async () => {};
    Object.assign(state, { isUnavailable: false, readOnly: true });
    // This process has the next tokens. Another process cannot send the refresh token, because the lock is still held.
    expect((await tokens.getAccessToken(holder('s'))).accessToken).toEqual(accessToken);
    await expect(
      createCoordinator(provider.client(), shared).getAccessToken(holder('s')),
    ).rejects.toMatchObject({
      code: 'lock_timeout',
    });
    state.readOnly = false;
    await vi.waitFor(() => expect(sessions.get('s')).toEqual(next), { timeout: 10_000 });
    await vi.waitFor(
      async () =>
        expect((await createCoordinator(provider.client(), shared).getAccessToken(holder('s'))).changed).toBe(
          false,
        ),
      { timeout: 10_000 },
    );
    expect(provider.state).toMatchObject({ requests: 1, replays: 0 });
  });

  test('S15: does not restore an ended session with a late write', async () => {
    const provider = createTestProvider();
    const { sessions, holder, state } = createSharedSessions();
    sessions.set('s', expireTokens(provider.login('alice')));
    provider.state.after = async () => {
      state.isUnavailable = true;
    };
    const lock = createMemoryLock();
    let released = 0;
    const countingLock: RefreshLock = {
      ...lock,
      async release(key, owner) {
        await lock.release(key, owner);
        released++;
      },
    };
    await createCoordinator(provider.client(), { lock: countingLock }).getAccessToken(holder('s'));
    expect(released).toBe(0);
    sessions.delete('s');
    state.isUnavailable = false;
    await vi.waitFor(() => expect(released).toBe(1), { timeout: 10_000 });
    expect(sessions.size).toBe(0);
  });
});

test('K10: a holder that does not store the count of refreshes never sends a spent refresh token', async () => {
  const provider = createTestProvider();
  const firstTokens = expireTokens(provider.login('alice'));
  let storedTokens = firstTokens;
  const tokens = createCoordinator(provider.client());
  const createHolder = (read: () => TokenSet): TokenHolder => ({
    read: async () => read(),
    async write({ refreshCount: _, ...next }) {
      storedTokens = expireTokens(next);
      return {};
    },
    end: async () => {},
  });
  await tokens.getAccessToken(createHolder(() => storedTokens));
  await tokens.getAccessToken(createHolder(() => storedTokens));
  await tokens.getAccessToken(
    createHolder(() => firstTokens),
    { resource: 'other' },
  );
  expect(provider.state).toMatchObject({ requests: 3, replays: 0 });
});
