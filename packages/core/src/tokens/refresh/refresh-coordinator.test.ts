import { describe, expect, test } from 'vitest';
import {
  createCoordinator,
  expireTokens,
  runConcurrently,
} from '../../../tests/support/refresh/coordinator.ts';
import {
  cookieHolder,
  createSharedSessions,
  createTestProvider,
} from '../../../tests/support/refresh/refresh-provider.ts';
import { AuthError, AuthorizationServerError, LoginRequiredError } from '../../errors.ts';
import { fromBase64Url } from '../../internal/encoding.ts';
import { createMemoryLock, type RefreshLock } from '../stores/refresh-lock.ts';
import { createMemorySuccessorStore, type SuccessorStore } from '../stores/successor-store.ts';
import { coordinateRefreshes } from './coordinate-refreshes.ts';
import { createLocalRefreshState } from './local-refresh-state.ts';
import { createTokenSuccessors } from './token-successors.ts';

/** Decodes the base64url parts of a text to characters. */
const decodeParts = (text: string) =>
  text
    .split('.')
    .map((part) => String.fromCharCode(...fromBase64Url(part)))
    .join();

describe('one process:', () => {
  test('returns a valid token without a request', async () => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    sessions.set('s', provider.login('alice'));
    const result = await createCoordinator(provider.client()).getAccessToken(holder('s'));
    expect(result).toMatchObject({
      changed: false,
      accessToken: { accessToken: expect.stringContaining('alice') },
    });
    expect(provider.state.requests).toBe(0);
  });

  test('shares one token request among 1,000 requests of one expired session', async () => {
    const provider = createTestProvider();
    const { sessions, holder, state } = createSharedSessions();
    sessions.set('s', expireTokens(provider.login('alice')));
    const tokens = createCoordinator(provider.client());
    const results = await runConcurrently(1_000, () => tokens.getAccessToken(holder('s')));
    expect(new Set(results.map(({ accessToken }) => accessToken.accessToken)).size).toBe(1);
    expect(provider.state).toMatchObject({ requests: 1, replays: 0 });
    expect(state.writes).toBe(1);
    expect(sessions.get('s')?.updatedAt).toBeGreaterThan(1);
  });

  test('S5: returns only tokens of their user to 1,000 requests of 50 users', async () => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    for (let user = 0; user < 50; user++)
      sessions.set(`s${user}`, expireTokens(provider.login(`user${user}`)));
    const tokens = createCoordinator(provider.client());
    await runConcurrently(1_000, async (i) => {
      const { accessToken } = await tokens.getAccessToken(holder(`s${i % 50}`));
      expect(accessToken.accessToken).toMatch(new RegExp(`^at\\.user${i % 50}\\.`));
    });
    expect(provider.state).toMatchObject({ requests: 50, replays: 0 });
  });

  test('refreshes two resources one after the other, and sends each refresh token once', async () => {
    const provider = createTestProvider();
    const cookie = expireTokens(provider.login('alice'));
    const tokens = createCoordinator(provider.client());
    const results = await runConcurrently(40, (i) =>
      tokens.getAccessToken(cookieHolder(cookie), { resource: `r${i % 2}` }),
    );
    for (const [i, { accessToken }] of results.entries())
      expect(accessToken.accessToken).toContain(`.r${i % 2}.`);
    expect(provider.state).toMatchObject({ requests: 2, replays: 0 });
  });

  test('refreshes once for all requests with forceRefresh and the same token', async () => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    const first = provider.login('alice');
    sessions.set('s', first);
    const tokens = createCoordinator(provider.client());
    const force = { forceRefresh: true };
    const results = await runConcurrently(20, () => tokens.getAccessToken(holder('s'), force));
    expect(provider.state.requests).toBe(1);
    for (const { accessToken } of results) expect(accessToken).not.toEqual(first.accessTokens[0]);
    // A late request with the rejected token.
    const late = await tokens.getAccessToken(cookieHolder(first), force);
    expect(late.accessToken).toEqual(results[0]?.accessToken);
    expect(provider.state.requests).toBe(1);
  });

  test('rejects a request without a session or refresh token, and names the remedy', async () => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    const tokens = createCoordinator(provider.client());
    await expect(tokens.getAccessToken(holder('s'))).rejects.toMatchObject({ code: 'not_signed_in' });
    const { refreshToken: _, ...without } = expireTokens(provider.login('alice'));
    sessions.set('s', without);
    await expect(tokens.getAccessToken(holder('s'))).rejects.toMatchObject({
      code: 'refresh_token_missing',
      message: expect.stringContaining('refreshTokens'),
    });
  });

  test('S15: returns no token after a logout during the refresh', async () => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    sessions.set('s', expireTokens(provider.login('alice')));
    provider.state.after = async () => void sessions.delete('s');
    const tokens = createCoordinator(provider.client());
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => tokens.getAccessToken(holder('s'))),
    );
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'session_ended' } });
    expect(sessions.size).toBe(0);
    await expect(tokens.getAccessToken(holder('s'))).rejects.toBeInstanceOf(LoginRequiredError);
  });

  test('S86: the memory of rejections does not contain the text of a requested scope or resource', async () => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    sessions.set('s', provider.login('alice'));
    provider.state.before = async () => {
      throw new AuthorizationServerError('token_error', 'invalid_scope', {
        error: 'invalid_scope',
        status: 400,
      });
    };
    const local = createLocalRefreshState();
    const client = provider.client();
    const { now, emitEvent } = client;
    const tokens = coordinateRefreshes(
      client,
      createTokenSuccessors(client, { lifetime: 30_000, now, emitEvent }),
      {},
      local,
    );
    for (const name of ['scope', 'resource'])
      await expect(tokens.getAccessToken(holder('s'), { [name]: 'x'.repeat(14_000) })).rejects.toBeInstanceOf(
        AuthError,
      );
    expect(local.rejections.size).toBe(2);
    for (const key of local.rejections.keys()) expect(key.length).toBeLessThan(100);
  });

  test('uses the refresh token again if the provider does not rotate it', async () => {
    let time = 1_000_000_000_000;
    const now = () => time;
    const provider = createTestProvider({ rotate: false, now });
    const { sessions, holder } = createSharedSessions();
    sessions.set('s', provider.login('alice'));
    const tokens = createCoordinator(provider.client());
    for (let i = 0; i < 3; i++) {
      time += 120_000;
      await runConcurrently(5, () => tokens.getAccessToken(holder('s')));
    }
    expect(provider.state).toMatchObject({ requests: 3, replays: 0 });
  });
});

describe('several processes:', () => {
  test.each(['cookie', 'stored'] as const)(
    '%s sessions: send one token request from four processes',
    async (kind) => {
      const provider = createTestProvider();
      provider.state.before = () => new Promise((resolve) => setTimeout(resolve, 20));
      const { sessions, holder } = createSharedSessions();
      const tokenSet = expireTokens(provider.login('alice'));
      sessions.set('s', tokenSet);
      const shared = { lock: createMemoryLock(), successors: createMemorySuccessorStore() };
      const processes = Array.from({ length: 4 }, () => createCoordinator(provider.client(), shared));
      const results = await runConcurrently(400, (i) =>
        (processes[i % 4] as (typeof processes)[0]).getAccessToken(
          kind === 'stored' ? holder('s') : cookieHolder(tokenSet),
        ),
      );
      expect(new Set(results.map(({ accessToken }) => accessToken.accessToken)).size).toBe(1);
      if (kind === 'cookie') expect(new Set(results.map(({ sealedSession }) => sealedSession)).size).toBe(1);
      expect(provider.state).toMatchObject({ requests: 1, replays: 0 });
    },
  );

  test('return the same tokens and cookie to late requests with the previous cookie', async () => {
    const provider = createTestProvider();
    const cookie = expireTokens(provider.login('alice'));
    const shared = { lock: createMemoryLock(), successors: createMemorySuccessorStore() };
    const first = await createCoordinator(provider.client(), shared).getAccessToken(cookieHolder(cookie));
    const otherProcess = createCoordinator(provider.client(), shared);
    for (let i = 0; i < 3; i++) {
      const late = await otherProcess.getAccessToken(cookieHolder(cookie));
      expect(late).toEqual({ ...first, changed: true });
      expect(late.sealedSession).toBe(`cookie with ${first.tokens.refreshToken}`);
    }
    expect(provider.state.requests).toBe(1);
  });

  test('find the newest tokens for a cookie that is several refreshes old', async () => {
    let time = 1_000_000_000_000;
    const now = () => time;
    const provider = createTestProvider({ now });
    const cookie = provider.login('alice');
    const tokens = createCoordinator(provider.client());
    let newest = cookie;
    for (let i = 0; i < 3; i++) {
      time += 61_000;
      newest = (await tokens.getAccessToken(cookieHolder(newest))).tokens;
    }
    expect((await tokens.getAccessToken(cookieHolder(cookie))).tokens).toEqual(newest);
    expect(provider.state).toMatchObject({ requests: 3, replays: 0 });
  });

  test('write no readable secret into the shared store', async () => {
    const provider = createTestProvider();
    const cookie = expireTokens(provider.login('alice'));
    const stored: string[] = [];
    const successors: SuccessorStore = {
      get: async () => undefined,
      set: async (key, value) => void stored.push(key, value),
    };
    const { tokens } = await createCoordinator(provider.client(), { successors }).getAccessToken(
      cookieHolder(cookie),
    );
    const text = stored.join('\n') + stored.map(decodeParts).join('\n');
    expect(stored).not.toHaveLength(0);
    for (const secret of [cookie.refreshToken, tokens.refreshToken, tokens.accessTokens[0]?.accessToken])
      expect(text).not.toContain(secret);
  });

  test('return only a valid token if the lock is held too long', async () => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    sessions.set('s', expireTokens(provider.login('alice')));
    const lock: RefreshLock = { acquire: async () => false, release: async () => {} };
    const tokens = createCoordinator(provider.client(), { lock });
    await expect(tokens.getAccessToken(holder('s'))).rejects.toMatchObject({ code: 'lock_timeout' });
    expect(sessions.has('s')).toBe(true);
    const inLeeway = provider.login('bob');
    const soon = Math.floor(Date.now() / 1000) + 20;
    sessions.set('b', {
      ...inLeeway,
      accessTokens: inLeeway.accessTokens.map((entry) => ({
        ...entry,
        expiresAt: soon,
        receivedAt: soon - 60,
      })),
    });
    await expect(tokens.getAccessToken(holder('b'))).resolves.toMatchObject({ changed: false });
  });
});
