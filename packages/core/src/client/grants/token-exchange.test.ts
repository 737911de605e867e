import { describe, expect, test } from 'vitest';
import { createHarness } from '../../../tests/support/client/harness.ts';
import { exchangeToken } from '../../index.ts';

describe('token exchange', () => {
  test('exchanges a token for another API with an actor', async () => {
    const harness = await createHarness();
    const { accessToken } = await harness.logIn();
    const exchanged = await exchangeToken(harness.client, {
      subjectToken: accessToken,
      actorToken: accessToken,
      resource: 'https://orders.example',
      scope: 'openid',
    });
    expect(exchanged).toMatchObject({
      tokenType: 'Bearer',
      scopes: ['openid'],
      issuedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
    });
    const request = harness.server.requestsTo('token').at(-1);
    expect(request?.body).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: accessToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      actor_token: accessToken,
      actor_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: 'https://orders.example',
      scope: 'openid',
    });
  });

  test('sends several audiences, as a form and as JSON', async () => {
    for (const tokenRequestFormat of ['form', 'json'] as const) {
      const sent: string[] = [];
      const { client } = await createHarness({
        client: {
          tokenRequestFormat,
          metadata: {
            issuer: 'https://auth.example.test',
            token_endpoint: 'https://auth.example.test/token',
          },
          fetch: async (_, init) => {
            sent.push(String(init.body));
            return Response.json({ error: 'invalid_target' }, { status: 400 });
          },
        },
      });
      const audience = ['https://a.example', 'https://b.example'];
      await expect(exchangeToken(client, { subjectToken: 'token', audience })).rejects.toMatchObject({
        error: 'invalid_target',
      });
      const [body = ''] = sent;
      const received =
        tokenRequestFormat === 'json'
          ? JSON.parse(body).audience
          : new URLSearchParams(body).getAll('audience');
      expect(received).toEqual(audience);
    }
  });

  test('rejects a response without issued_token_type and accepts the token type N_A', async () => {
    const { client, server } = await createHarness();
    const respond = (body: object) =>
      server.fail('token', {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ access_token: 'x', ...body }),
      });
    respond({ token_type: 'Bearer' });
    await expect(exchangeToken(client, { subjectToken: 's' })).rejects.toMatchObject({
      code: 'token_response_invalid',
      check: 'issued_token_type',
    });
    respond({ token_type: 'N_A', issued_token_type: 'urn:ietf:params:oauth:token-type:jwt' });
    await expect(exchangeToken(client, { subjectToken: 's' })).resolves.toMatchObject({ tokenType: 'N_A' });
  });
});
