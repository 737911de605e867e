import { describe, expect, test } from 'vitest';
import { createHarness } from '../../../tests/support/client/harness.ts';
import { createClientCredentialsTokens, none, requestClientCredentials } from '../../index.ts';

describe('client credentials', () => {
  test('shares one request between concurrent callers and caches the token until shortly before its expiry', async () => {
    const { client, server } = await createHarness({ registration: { scope: 'jobs:run' } });
    server.clock.stop();
    const tokens = createClientCredentialsTokens(client);
    const request = { scope: 'jobs:run', resource: 'https://api.example' };
    const all = await Promise.all(Array.from({ length: 10 }, () => tokens.getAccessToken(request)));
    expect(new Set(all.map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(server.requestsTo('token')).toHaveLength(1);
    expect(server.requestsTo('token')[0]?.body).toEqual({ grant_type: 'client_credentials', ...request });
    server.clock.advance(3600 - 31);
    expect((await tokens.getAccessToken(request)).accessToken).toBe(all[0]?.accessToken);
    server.clock.advance(1);
    expect((await tokens.getAccessToken(request)).accessToken).not.toBe(all[0]?.accessToken);
    await tokens.getAccessToken({ ...request, forceRefresh: true });
    await tokens.getAccessToken({ ...request, resource: 'https://other.example' });
    expect(server.requestsTo('token')).toHaveLength(4);
  });

  test('caches a token for each combination of parameters', async () => {
    const { client, server } = await createHarness();
    const tokens = createClientCredentialsTokens(client);
    const [one, two] = ['https://a.example', 'https://b.example'].map((audience) => ({
      parameters: { audience },
    }));
    const first = await tokens.getAccessToken(one);
    expect((await tokens.getAccessToken(two)).accessToken).not.toBe(first.accessToken);
    expect((await tokens.getAccessToken(one)).accessToken).toBe(first.accessToken);
    expect(server.requestsTo('token')).toHaveLength(2);
  });

  test('does not cache an error', async () => {
    const { client, server } = await createHarness();
    const tokens = createClientCredentialsTokens(client);
    server.fail('token', { status: 503 });
    await expect(tokens.getAccessToken()).rejects.toMatchObject({ code: 'server_error' });
    await expect(tokens.getAccessToken()).resolves.toMatchObject({ tokenType: 'Bearer' });
  });

  test('rejects a public client', async () => {
    const { client } = await createHarness({ client: { clientAuthentication: none() } });
    await expect(requestClientCredentials(client)).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_option',
    });
  });
});
