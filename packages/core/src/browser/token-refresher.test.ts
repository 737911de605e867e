import { expect, test, vi } from 'vitest';
import { createTestProvider, json, type TestProvider } from '../../tests/support/browser/browser-provider.ts';
import type { AuthEvent } from '../events.ts';
import { resolveOptions } from './options.ts';
import type { StoredTokenSet } from './state/login-holder.ts';
import { createTokenRefresher } from './token-refresher.ts';

const issuer = 'https://login.example';
const holder = { iss: issuer, sub: 'alice', login: 'first' };

const createTokens = (more: Partial<StoredTokenSet>) =>
  ({
    accessTokens: [],
    scopes: ['openid'],
    updatedAt: 0,
    claims: { iss: issuer, sub: 'alice' },
    login: 'first',
    ...more,
  }) as unknown as StoredTokenSet;

const createContext = (provider: TestProvider, onEvent: (event: AuthEvent) => void = () => {}) =>
  resolveOptions({
    issuer,
    clientId: 'spa',
    redirectUri: 'https://app.example/callback',
    fetch: provider.fetch,
    lock: (_name, run) => run(),
    onEvent,
  });

/** Creates a refresher. The stored tokens change after its first read, as if another tab had changed them. */
async function setUp(first: StoredTokenSet, second: StoredTokenSet) {
  const provider = await createTestProvider(Date.now);
  const sentTokens: (string | null)[] = [];
  provider.intercept = ({ parameters }) => {
    sentTokens.push(parameters.get('refresh_token'));
    return json({ access_token: 'new', token_type: 'Bearer', expires_in: 60, refresh_token: 'next' });
  };
  const context = createContext(provider);
  let stored = first;
  const refresh = createTokenRefresher(context, {
    async read() {
      const tokens = stored;
      if (stored === first) stored = second;
      return tokens;
    },
    async replaceTokens(_expected, next) {
      stored = next;
      return true;
    },
    waitForChange: async () => {},
  });
  return { sentTokens, getToken: () => refresh({ holder }) };
}

test('B4: a waiting refresh does not send a refresh token that another tab has used', async () => {
  const { sentTokens, getToken } = await setUp(
    createTokens({ refreshToken: 'used' }),
    createTokens({ refreshToken: 'current' }),
  );
  await expect(getToken()).resolves.toMatchObject({ accessToken: 'new' });
  expect(sentTokens).toEqual(['current']);
});

test.each([
  ['another login of the same user', { login: 'second' }],
  ['another user', { claims: { iss: issuer, sub: 'bob' } }],
])('B24: a waiting refresh does not send the refresh token of %s, even if it is equal', async (_, change) => {
  const { sentTokens, getToken } = await setUp(
    createTokens({ refreshToken: 'same' }),
    createTokens({ refreshToken: 'same', ...change } as never),
  );
  await expect(getToken()).rejects.toMatchObject({ code: 'session_ended' });
  expect(sentTokens).toEqual([]);
});

test('B25: a rejected refresh token does not end a login that another tab has refreshed', async () => {
  const provider = await createTestProvider(Date.now);
  const expiresAt = Math.floor(Date.now() / 1000) + 60;
  const refreshedTokens = createTokens({
    refreshToken: 'next',
    accessTokens: [
      { accessToken: 'token of the other tab', tokenType: 'Bearer', expiresAt, scopes: ['openid'] },
    ],
  });
  let stored = createTokens({ refreshToken: 'used' });
  provider.intercept = () => {
    stored = refreshedTokens;
    return json({ error: 'invalid_grant' }, { status: 400 });
  };
  const events: string[] = [];
  const context = createContext(provider, ({ type }) => events.push(type));
  const refresh = createTokenRefresher(context, {
    read: async () => stored,
    replaceTokens: async (expected) => stored === expected,
    waitForChange: async () => {},
  });
  await expect(refresh({ holder })).resolves.toMatchObject({ accessToken: 'token of the other tab' });
  expect(events).not.toContain('session.ended');
});

test('B20: requests of two users never share a refresh', async () => {
  const provider = await createTestProvider(Date.now);
  let stored = createTokens({ refreshToken: 'token of alice' });
  const pendingResponses: (() => void)[] = [];
  provider.intercept = ({ parameters }) =>
    new Promise((resolve) => {
      const access_token = `access ${parameters.get('refresh_token')}`;
      pendingResponses.push(() => resolve(json({ access_token, token_type: 'Bearer', expires_in: 60 })));
    });
  const context = createContext(provider);
  const refresh = createTokenRefresher(context, {
    read: async () => stored,
    replaceTokens: async (expected, next) => {
      if (stored !== expected) return false;
      stored = next;
      return true;
    },
    waitForChange: async () => {},
  });
  const aliceResult = refresh({ holder }).catch((error: unknown) => error);
  await vi.waitFor(() => expect(pendingResponses).toHaveLength(1));
  const bob = { iss: issuer, sub: 'bob', login: 'second' };
  stored = createTokens({
    refreshToken: 'token of bob',
    claims: { iss: issuer, sub: 'bob' } as never,
    login: 'second',
  });
  const bobResult = refresh({ holder: bob });
  await vi.waitFor(() => expect(pendingResponses).toHaveLength(2));
  for (const respond of pendingResponses) respond();
  expect(await aliceResult).toMatchObject({ code: 'session_ended' });
  expect(await bobResult).toMatchObject({ accessToken: 'access token of bob' });
});

test('B24: rejects a refresh of an ended login', async () => {
  const endedTokens = createTokens({ ended: true });
  const { sentTokens, getToken } = await setUp(endedTokens, endedTokens);
  await expect(getToken()).rejects.toMatchObject({ code: 'session_ended' });
  expect(sentTokens).toEqual([]);
});
