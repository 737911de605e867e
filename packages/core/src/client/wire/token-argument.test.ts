import { expect, test } from 'vitest';
import { createHarness } from '../../../tests/support/client/harness.ts';
import {
  type Client,
  exchangeAssertion,
  exchangeToken,
  fetchUserinfo,
  introspectToken,
  refreshTokens,
  revokeToken,
} from '../../index.ts';

const functions: Readonly<Record<string, (client: Client, token: string) => Promise<unknown>>> = {
  'fetchUserinfo()': (client, token) => fetchUserinfo(client, token, 'alice'),
  'exchangeAssertion()': exchangeAssertion,
  '"subjectToken" of exchangeToken()': (client, subjectToken) => exchangeToken(client, { subjectToken }),
  '"actorToken" of exchangeToken()': (client, actorToken) =>
    exchangeToken(client, { subjectToken: 'token', actorToken }),
  'introspectToken()': (client, token) => introspectToken(client, token),
  'revokeToken()': (client, token) => revokeToken(client, token),
  'refreshTokens()': (client, token) => refreshTokens(client, token),
};

test.each(Object.entries(functions))('%s rejects a token that is not a string', async (name, run) => {
  const { client, server } = await createHarness();
  const planted = 'PLANTED.SECRET';
  const values = [{ accessToken: planted, tokenType: 'Bearer' }, { planted }, '', null, undefined, [planted]];
  for (const value of values) {
    const error = await run(client, value as never).catch((thrown: unknown) => thrown);
    // Only `undefined` is allowed there.
    if (value === undefined && name.includes('actorToken')) continue;
    expect(error).toMatchObject({ name: 'ConfigurationError', code: 'invalid_option' });
    expect((error as Error).message).toContain(name);
    expect((error as Error).message).not.toContain(planted);
    expect((error as Error).message.includes('"accessToken"')).toBe(value === values[0]);
  }
  expect(server.requestsTo('token').length).toBe(name.includes('actorToken') ? 1 : 0);
});
