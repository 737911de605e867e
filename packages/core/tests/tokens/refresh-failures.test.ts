import { describe, expect, test, vi } from 'vitest';
import { TransportError } from '../../src/errors.ts';
import { sha256 } from '../../src/internal/encoding.ts';
import { createMemoryLock } from '../../src/tokens/stores/refresh-lock.ts';
import { createMemorySuccessorStore } from '../../src/tokens/stores/successor-store.ts';
import { createCoordinator, expireTokens, runConcurrently } from '../support/refresh/coordinator.ts';
import {
  cookieHolder,
  createSharedSessions,
  createTestProvider,
} from '../support/refresh/refresh-provider.ts';

describe('C5: a failure of the provider does not end a session', () => {
  const failures = [
    ['network_error', new TransportError('network_error', 'x')],
    ['timeout', new TransportError('timeout', 'x')],
    ['server_error', new TransportError('server_error', 'x', { status: 503 })],
    ['rate_limited', new TransportError('rate_limited', 'x', { status: 429, retryAfter: 0 })],
  ] as const;

  test.each(failures)('%s', async (code, error) => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    sessions.set('s', expireTokens(provider.login('alice')));
    const tokens = createCoordinator(provider.client());
    provider.state.before = async () => {
      // Each request hashes the refresh token in another thread before it joins the others.
      for (let count = 0; count < 50; count++) await sha256('x');
      throw error;
    };
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => tokens.getAccessToken(holder('s'))),
    );
    for (const result of results) expect(result).toMatchObject({ reason: { code } });
    expect(provider.state.requests).toBe(1);
    provider.state.before = async () => {};
    // The shortest pause with Retry-After is a second.
    const pauseEnd = performance.now() + 1_000;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => pauseEnd);
    await expect(tokens.getAccessToken(holder('s'))).resolves.toMatchObject({ changed: true });
    clock.mockRestore();
  });

  test('a write of the holder that never completes does not keep back the token', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const provider = createTestProvider();
      const { sessions, holder } = createSharedSessions();
      sessions.set('s', expireTokens(provider.login('alice')));
      const hungHolder = { ...holder('s'), write: vi.fn(() => new Promise<never>(() => {})) };
      const result = createCoordinator(provider.client()).getAccessToken(hungHolder);
      await vi.waitFor(() => expect(hungHolder.write).toHaveBeenCalled());
      await vi.advanceTimersByTimeAsync(20_000);
      await expect(result).resolves.toMatchObject({ changed: true });
    } finally {
      vi.useRealTimers();
    }
  });

  test.each([
    ['server_error', 503, 120],
    ['rate_limited', 429, 0],
  ] as const)(
    '%s with status %i and Retry-After: %i pauses the refreshes, in any process',
    async (code, status, retryAfter) => {
      const provider = createTestProvider();
      const { sessions, holder } = createSharedSessions();
      sessions.set('s', expireTokens(provider.login('alice')));
      const shared = { lock: createMemoryLock(), successors: createMemorySuccessorStore() };
      provider.state.before = async () => {
        throw new TransportError(code, 'x', { status, retryAfter });
      };
      for (const process of [
        createCoordinator(provider.client(), shared),
        createCoordinator(provider.client(), shared),
      ])
        for (let calls = 0; calls < 3; calls++)
          await expect(process.getAccessToken(holder('s'))).rejects.toMatchObject({ code, status });
      expect(provider.state.requests).toBe(1);
    },
  );

  test('a failure without a status causes no pause, even with a delay', async () => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    sessions.set('s', expireTokens(provider.login('alice')));
    const tokens = createCoordinator(provider.client());
    provider.state.before = async () => {
      throw new TransportError('network_error', 'x', { retryAfter: 1 });
    };
    for (let calls = 0; calls < 3; calls++)
      await expect(tokens.getAccessToken(holder('s'))).rejects.toMatchObject({ code: 'network_error' });
    expect(provider.state.requests).toBe(3);
  });

  test('forceRefresh beside rejectedToken does not replace a replacement', async () => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    sessions.set('s', provider.login('alice'));
    const tokens = createCoordinator(provider.client());
    const { accessToken: rejectedToken } = (await tokens.getAccessToken(holder('s'))).accessToken;
    const request = { forceRefresh: true, rejectedToken };
    for (let calls = 0; calls < 3; calls++) await tokens.getAccessToken(holder('s'), request);
    expect(provider.state.requests).toBe(1);
  });

  test('returns a token inside its leeway during a failure', async () => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    provider.state.accessTokenLifetime = 1_000;
    const tokenSet = provider.login('alice');
    sessions.set('s', tokenSet);
    const tokens = createCoordinator(provider.client(), { leeway: 500.5 });
    sessions.set('s', {
      ...tokenSet,
      accessTokens: tokenSet.accessTokens.map((entry) => ({
        ...entry,
        expiresAt: Math.floor(Date.now() / 1000) + 100,
        receivedAt: 0,
      })),
    });
    provider.state.before = async () => {
      throw new TransportError('server_error', 'x');
    };
    const { accessToken } = await tokens.getAccessToken(holder('s'));
    expect(accessToken.accessToken).toBe(tokenSet.accessTokens[0]?.accessToken);
    expect(provider.state.requests).toBe(1);
    // With `forceRefresh`, the failure is thrown.
    await expect(tokens.getAccessToken(holder('s'), { forceRefresh: true })).rejects.toMatchObject({
      code: 'server_error',
    });
  });

  test('sends no request of the session before Retry-After has passed, in any process', async () => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    sessions.set('s', expireTokens(provider.login('alice')));
    sessions.set('b', expireTokens(provider.login('bob')));
    const shared = { lock: createMemoryLock(), successors: createMemorySuccessorStore() };
    const processes = Array.from({ length: 3 }, () => createCoordinator(provider.client(), shared));
    provider.state.before = async (refreshToken) => {
      if (refreshToken.includes('alice'))
        throw new TransportError('rate_limited', 'x', { retryAfter: 120, status: 429 });
    };
    for (let round = 0; round < 3; round++) {
      const results = await Promise.allSettled(
        Array.from({ length: 30 }, (_, i) => processes[i % 3]?.getAccessToken(holder('s'))),
      );
      for (const result of results) {
        const { reason } = result as PromiseRejectedResult;
        expect(reason).toMatchObject({ code: 'rate_limited', status: 429 });
        expect(reason.retryAfter).toBeGreaterThan(100);
      }
    }
    expect(provider.state.requests).toBe(1);
    // The pause of a session does not affect another user.
    await expect(processes[0]?.getAccessToken(holder('b'))).resolves.toMatchObject({ changed: true });
  });

  test.each([3, 10, 100])('K8: a rate limit of %d sessions does not affect other sessions', async (count) => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    const limitedUsers = Array.from({ length: count }, (_, i) => `limited${i}`);
    for (const name of [...limitedUsers, 'alice']) sessions.set(name, expireTokens(provider.login(name)));
    const shared = { lock: createMemoryLock(), successors: createMemorySuccessorStore() };
    const [tokens, another] = [
      createCoordinator(provider.client(), shared),
      createCoordinator(provider.client(), shared),
    ];
    provider.state.before = async (refreshToken) => {
      if (refreshToken.includes('limited'))
        throw new TransportError('rate_limited', 'x', { retryAfter: 86_400, status: 429 });
    };
    for (const name of [...limitedUsers, ...limitedUsers])
      await expect(tokens.getAccessToken(holder(name))).rejects.toMatchObject({ code: 'rate_limited' });
    expect(provider.state.requests).toBe(count);
    await expect(tokens.getAccessToken(holder('alice'))).resolves.toMatchObject({ changed: true });
    sessions.set('bob', expireTokens(provider.login('bob')));
    await expect(another.getAccessToken(holder('bob'))).resolves.toMatchObject({ changed: true });
  });

  test('sends one request of each session to a provider that limits the client', async () => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    for (let i = 0; i < 20; i++) sessions.set(`s${i}`, expireTokens(provider.login(`user${i}`)));
    const tokens = createCoordinator(provider.client());
    provider.state.before = async () => {
      throw new TransportError('rate_limited', 'x', { retryAfter: 120, status: 429 });
    };
    for (let round = 0; round < 3; round++)
      await Promise.allSettled(
        Array.from({ length: 60 }, (_, i) => tokens.getAccessToken(holder(`s${i % 20}`))),
      );
    expect(provider.state.requests).toBe(20);
    expect(sessions.size).toBe(20);
  });

  test('ends a session once after invalid_grant', async () => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    sessions.set('s', expireTokens(provider.login('alice')));
    const family = provider.families.get('alice');
    if (family) family.revoked = true;
    const client = provider.client();
    const tokens = createCoordinator(client);
    await expect(tokens.getAccessToken(holder('s'))).rejects.toMatchObject({ code: 'session_ended' });
    expect(sessions.size).toBe(0);
    expect(client.events.filter(({ type }) => type === 'session.ended')).toHaveLength(1);
  });

  test('returns the tokens of another process after invalid_grant', async () => {
    const provider = createTestProvider();
    const { sessions, holder } = createSharedSessions();
    const expiredTokens = expireTokens(provider.login('alice'));
    sessions.set('s', expiredTokens);
    // Another process without this lock has refreshed first.
    const otherResult = await createCoordinator(provider.client()).getAccessToken(
      cookieHolder(expiredTokens),
    );
    const tokens = createCoordinator(provider.client());
    provider.state.before = async () => void sessions.set('s', otherResult.tokens);
    const result = await tokens.getAccessToken(holder('s'));
    expect(result.accessToken).toEqual(otherResult.accessToken);
    expect(sessions.has('s')).toBe(true);
  });
});

describe('the clock', () => {
  test('refreshes once after a clock change by two hours, forward and back', async () => {
    let time = 1_000_000_000_000;
    const now = () => time;
    const provider = createTestProvider({ now });
    const { sessions, holder } = createSharedSessions();
    sessions.set('s', provider.login('alice'));
    const tokens = createCoordinator(provider.client());
    time += 7_200_000;
    await runConcurrently(10, () => tokens.getAccessToken(holder('s')));
    expect(provider.state.requests).toBe(1);
    time -= 7_200_000;
    await runConcurrently(10, () => tokens.getAccessToken(holder('s')));
    await runConcurrently(10, () => tokens.getAccessToken(holder('s')));
    expect(provider.state).toMatchObject({ requests: 2, replays: 0 });
  });

  test('finds the successor for a late request after a clock change', async () => {
    let time = 1_000_000_000_000;
    const now = () => time;
    const provider = createTestProvider({ now });
    const cookie = expireTokens(provider.login('alice'));
    const tokens = createCoordinator(provider.client());
    await tokens.getAccessToken(cookieHolder(cookie));
    time += 7_200_000;
    await tokens.getAccessToken(cookieHolder(cookie));
    expect(provider.state).toMatchObject({ requests: 2, replays: 0 });
  });
});
