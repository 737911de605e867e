import { describe, expect, test } from 'vitest';
import { createHarness } from '../../../tests/support/client/harness.ts';
import { refreshTokens } from '../../index.ts';

describe('a refresh with a wrong local clock', () => {
  test.each([
    ['two hours fast', 7_200_000],
    ['two hours slow', -7_200_000],
  ])('%s: stores the new tokens and retains the previous ID token', async (_, ahead) => {
    let offset = 0;
    const harness = await createHarness({ client: { now: () => harness.server.clock.now() + offset } });
    await harness.logIn();
    const previous = harness.stored;
    offset = ahead;
    await harness.refresh();
    expect(harness.stored?.refreshToken).not.toBe(previous?.refreshToken);
    expect(harness.stored?.accessTokens[0]?.accessToken).not.toBe(previous?.accessTokens[0]?.accessToken);
    expect(harness.stored?.idToken).toBe(previous?.idToken);
    expect(harness.stored?.claims).toEqual(previous?.claims);
    offset = 0;
    await harness.refresh();
    expect(harness.stored?.idToken).not.toBe(previous?.idToken);
  });

  test('C1: rejects an ID token of another user', async () => {
    let offset = 0;
    const harness = await createHarness({ client: { now: () => harness.server.clock.now() + offset } });
    await harness.logIn();
    const previous = harness.stored;
    offset = 7_200_000;
    harness.server.faults.add('id_token_sub_invalid');
    const { refreshToken = '', claims } = harness.stored ?? {};
    await expect(refreshTokens(harness.client, refreshToken, { claims })).rejects.toMatchObject({
      code: 'id_token_invalid',
      check: 'sub',
    });
    expect(harness.stored).toBe(previous);
  });
});

describe('a refresh during a key rotation of the provider', () => {
  test('fetches the new keys once for concurrent refreshes and verifies each ID token', async () => {
    const { server, client, logIn } = await createHarness();
    const tokens: string[] = [];
    for (let i = 0; i < 5; i++) tokens.push((await logIn()).refreshToken ?? '');
    await server.rotateKeys();
    const responses = await Promise.all(tokens.map((token) => refreshTokens(client, token)));
    for (const { claims } of responses) expect(claims?.sub).toBe('alice');
    expect(server.requestsTo('jwks')).toHaveLength(2);
  });

  test('stores the new tokens and retains the previous ID token if the keys are unavailable', async () => {
    const harness = await createHarness();
    await harness.logIn();
    const previous = harness.stored;
    await harness.server.rotateKeys();
    harness.server.fail('jwks', { status: 503, times: 9 });
    await harness.refresh();
    expect(harness.stored?.refreshToken).not.toBe(previous?.refreshToken);
    expect(harness.stored?.idToken).toBe(previous?.idToken);
  });

  test('C2: does not store an ID token with an invalid signature', async () => {
    const harness = await createHarness();
    await harness.logIn();
    const previous = harness.stored;
    harness.server.faults.add('id_token_signature_invalid');
    await harness.refresh();
    expect(harness.stored?.refreshToken).not.toBe(previous?.refreshToken);
    expect(harness.stored?.idToken).toBe(previous?.idToken);
  });
});

test('requests a narrower scope and another resource only if they are given', async () => {
  const harness = await createHarness({ client: { resource: ['https://a.example', 'https://b.example'] } });
  const { refreshToken, claims, scopes } = await harness.logIn();
  const resource = 'https://b.example';
  const narrow = await refreshTokens(harness.client, refreshToken as string, {
    claims,
    grantedScopes: scopes,
    scope: 'openid',
    resource,
  });
  expect(narrow.scopes).toEqual(['openid']);
  expect(harness.server.requestsTo('token').at(-1)?.body).toMatchObject({ scope: 'openid', resource });
  const full = await refreshTokens(harness.client, narrow.refreshToken as string, {
    claims,
    grantedScopes: scopes,
  });
  expect(full.scopes).toEqual(scopes);
  expect(harness.server.requestsTo('token').at(-1)?.body).not.toHaveProperty('scope');
});
