import { describe, expect, test } from 'vitest';
import { createRefreshCoordinator, refreshTokens, type TokenHolder, type TokenSet } from '../../src/index.ts';
import { createHarness } from '../support/client/harness.ts';
import { createJsonFailure } from '../support/client/json-failure.ts';

test('C3: retains the previous ID token after a refresh without one', async () => {
  const harness = await createHarness({ server: { idTokenOnRefresh: false } });
  await harness.logIn();
  const { idToken, claims } = harness.stored ?? {};
  await harness.refresh();
  expect(idToken).toBeDefined();
  expect(harness.stored).toMatchObject({ idToken, claims });
});

test('C4: uses the latest rotated refresh token in each refresh', async () => {
  const harness = await createHarness();
  await harness.logIn();
  for (let round = 0; round < 4; round++) await harness.refresh();
  const sentTokens = harness.server
    .requestsTo('token')
    .slice(1)
    .map(({ body }) => body.refresh_token);
  expect(new Set(sentTokens).size).toBe(4);
  expect(harness.server.requestsTo('token').every(({ status }) => status === 200)).toBe(true);
});

test.each([' ', false, 7, {}])('keeps the previous refresh token if the new one is %j', async (value) => {
  const harness = await createHarness({ server: { refreshTokens: 'keep' } });
  await harness.logIn();
  const { refreshToken } = harness.stored ?? {};
  const { accessToken, tokenType } = harness.stored?.accessTokens[0] ?? {};
  const body = { access_token: accessToken, token_type: tokenType, refresh_token: value };
  harness.server.fail('token', createJsonFailure(body, 200));
  await harness.refresh();
  expect(harness.stored?.refreshToken).toBe(refreshToken);
  await harness.refresh();
  expect(harness.stored?.accessTokens[0]?.accessToken).not.toBe(accessToken);
});

describe('C5: a response to a refresh', () => {
  test.each([
    ['503', { status: 503 }, { code: 'server_error', status: 503 }],
    [
      '500 with the error invalid_grant',
      createJsonFailure({ error: 'invalid_grant' }, 500),
      { code: 'server_error' },
    ],
    [
      '429 with Retry-After',
      { status: 429, headers: { 'retry-after': '7' } },
      { code: 'rate_limited', retryAfter: 7 },
    ],
    ['a network error', { network: true }, { code: 'network_error' }],
    ['a lost response', { loseResponse: true }, { code: 'network_error' }],
    ['invalid_client', createJsonFailure({ error: 'invalid_client' }, 401), { error: 'invalid_client' }],
    ['invalid_request', createJsonFailure({ error: 'invalid_request' }, 400), { error: 'invalid_request' }],
    [
      'temporarily_unavailable',
      createJsonFailure({ error: 'temporarily_unavailable' }, 400),
      { code: 'server_error', status: 400 },
    ],
    [
      'HTML',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<p>Maintenance' },
      { code: 'token_response_invalid' },
    ],
    ['an empty 400', { status: 400 }, { code: 'refresh_rejected', status: 400, error: '' }],
  ] as const)('C5: does not end the session if it is %s', async (_, failure, error) => {
    const harness = await createHarness();
    await harness.logIn();
    const storedBefore = harness.stored;
    harness.server.fail('token', failure);
    await expect(harness.refresh()).rejects.toMatchObject(error);
    expect(harness.stored).toBe(storedBefore);
  });

  test('C5: ends the session if its error is invalid_grant', async () => {
    const harness = await createHarness();
    await harness.logIn();
    harness.server.endGrants();
    await expect(harness.refresh()).rejects.toMatchObject({
      name: 'LoginRequiredError',
      code: 'session_ended',
    });
    expect(harness.stored).toBeUndefined();
  });

  test('C5: leads to an error with Retry-After in seconds, at most one day, from a number or a date', async () => {
    const harness = await createHarness();
    await harness.logIn();
    harness.server.clock.stop(Date.parse('2030-01-01T00:00:00Z'));
    for (const [value, expected] of [
      ['Tue, 01 Jan 2030 00:00:30 GMT', 30],
      ['Tue, 01 Jan 2020 00:00:00 GMT', 0],
      ['999999999', 86_400],
      ['soon', undefined],
      ['-5', undefined],
    ] as const) {
      harness.server.fail('token', { status: 503, headers: { 'retry-after': value } });
      const refreshToken = harness.stored?.refreshToken as string;
      const error = await refreshTokens(harness.client, refreshToken).catch((thrown: unknown) => thrown);
      expect(error, value).toMatchObject({ code: 'server_error' });
      expect((error as { retryAfter?: number }).retryAfter, value).toBe(expected);
    }
  });
});

test.each([3, 20])('K8: a rate limit of %d sessions does not affect other sessions', async (count) => {
  const harness = await createHarness();
  const coordinator = createRefreshCoordinator(harness.client);
  const logIn = async (): Promise<TokenHolder> => {
    await harness.logIn();
    let tokens: TokenSet | undefined = harness.stored;
    return {
      read: async () => tokens,
      write: async (next) => {
        tokens = next;
        return {};
      },
      end: async () => {
        tokens = undefined;
      },
    };
  };
  const limited: TokenHolder[] = [];
  for (let i = 0; i < count; i++) limited.push(await logIn());
  const other = await logIn();
  harness.server.fail('token', { status: 429, headers: { 'retry-after': '86400' }, times: count });
  const requestsBefore = harness.server.requestsTo('token').length;
  // The second request of each limited session waits for the pause of that session, and is not sent.
  for (const holder of [...limited, ...limited])
    await expect(coordinator.getAccessToken(holder, { forceRefresh: true })).rejects.toMatchObject({
      code: 'rate_limited',
    });
  expect(harness.server.requestsTo('token')).toHaveLength(requestsBefore + count);
  await expect(coordinator.getAccessToken(other, { forceRefresh: true })).resolves.toMatchObject({
    changed: true,
  });
});
