import { describe, expect, test } from 'vitest';
import { createHarness } from '../../../tests/conformance/harness.ts';
import { introspectToken } from '../../index.ts';

describe('introspection', () => {
  test('tells an active token from one that has ended', async () => {
    const harness = await createHarness();
    const { accessToken, refreshToken } = await harness.logIn();
    const { client, server } = harness;
    expect(await introspectToken(client, accessToken)).toMatchObject({
      active: true,
      sub: 'alice',
      client_id: 'web',
    });
    expect(
      await introspectToken(client, refreshToken as string, { tokenTypeHint: 'refresh_token' }),
    ).toMatchObject({
      active: true,
    });
    expect(server.requestsTo('introspection')[1]?.body.token_type_hint).toBe('refresh_token');
    server.endGrants();
    expect(await introspectToken(client, accessToken)).toEqual({ active: false });
  });

  const signed = { client: { introspectionSignedResponseAlg: 'RS256' } };

  test('a signed answer is verified', async () => {
    const harness = await createHarness(signed);
    const { accessToken } = await harness.logIn();
    expect(await introspectToken(harness.client, accessToken)).toMatchObject({ active: true, sub: 'alice' });
  });

  test('an unsigned answer is refused where a signed one is registered', async () => {
    const { client, server } = await createHarness(signed);
    server.fail('introspection', {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"active":true}',
    });
    await expect(introspectToken(client, 'token')).rejects.toMatchObject({
      code: 'introspection_invalid',
      check: 'signature',
    });
  });
});
