import { describe, expect, test } from 'vitest';
import { createHarness } from '../../../tests/conformance/harness.ts';
import { refreshTokens } from '../../index.ts';

describe('a refresh while the clock of this machine is wrong', () => {
  test.each([
    ['two hours fast', 7_200_000],
    ['two hours slow', -7_200_000],
  ])('%s: the session goes on, and the ID token of before is kept', async (_, ahead) => {
    let offset = 0;
    const harness = await createHarness({ client: { now: () => harness.server.clock.now() + offset } });
    await harness.logIn();
    const before = harness.stored;
    offset = ahead;
    await harness.refresh();
    expect(harness.stored?.refreshToken).not.toBe(before?.refreshToken);
    expect(harness.stored?.accessTokens[0]?.accessToken).not.toBe(before?.accessTokens[0]?.accessToken);
    expect(harness.stored?.idToken).toBe(before?.idToken);
    expect(harness.stored?.claims).toEqual(before?.claims);
    offset = 0;
    await harness.refresh();
    expect(harness.stored?.idToken).not.toBe(before?.idToken);
  });

  test('C1: another user is refused all the same', async () => {
    let offset = 0;
    const harness = await createHarness({ client: { now: () => harness.server.clock.now() + offset } });
    await harness.logIn();
    const before = harness.stored;
    offset = 7_200_000;
    harness.server.lies.add('id_token_sub_invalid');
    await expect(harness.refresh()).rejects.toMatchObject({ check: 'sub' });
    expect(harness.stored).toBe(before);
  });
});

describe('a refresh while the provider changes its keys', () => {
  test('many at once: the new keys are fetched once, and every ID token is verified with them', async () => {
    const { server, client, logIn } = await createHarness();
    const tokens: string[] = [];
    for (let i = 0; i < 5; i++) tokens.push((await logIn()).refreshToken ?? '');
    await server.rotateKeys();
    const answers = await Promise.all(tokens.map((token) => refreshTokens(client, token)));
    for (const { claims } of answers) expect(claims?.sub).toBe('alice');
    expect(server.requestsTo('jwks')).toHaveLength(2);
  });

  test('the keys cannot be had: the session goes on, and the ID token of before is kept', async () => {
    const harness = await createHarness();
    await harness.logIn();
    const before = harness.stored;
    await harness.server.rotateKeys();
    harness.server.fail('jwks', { status: 503, times: 9 });
    await harness.refresh();
    expect(harness.stored?.refreshToken).not.toBe(before?.refreshToken);
    expect(harness.stored?.idToken).toBe(before?.idToken);
  });

  test('C2: a wrong signature is refused all the same', async () => {
    const harness = await createHarness();
    await harness.logIn();
    const before = harness.stored;
    harness.server.lies.add('id_token_signature_invalid');
    await expect(harness.refresh()).rejects.toMatchObject({ code: 'id_token_invalid' });
    expect(harness.stored).toBe(before);
  });
});

test('a narrower scope and another resource are asked for, and nothing wider is', async () => {
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
  const whole = await refreshTokens(harness.client, narrow.refreshToken as string, {
    claims,
    grantedScopes: scopes,
  });
  expect(whole.scopes).toEqual(scopes);
  expect(harness.server.requestsTo('token').at(-1)?.body).not.toHaveProperty('scope');
});
