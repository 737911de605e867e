import { clientSecretBasic, createClient, requestClientCredentials, revokeToken } from '@countersign/core';
import { Controller, Get } from '@nestjs/common';
import { expect, test } from 'vitest';
import { Principal, RequireScopes, type VerifiedAccessToken } from '../../src/index.ts';
import { adapters, audience, startApp } from '../support/start/start-app.ts';

@Controller('items')
class ItemsController {
  @RequireScopes('items:read')
  @Get()
  items(@Principal() { clientId }: VerifiedAccessToken) {
    return { clientId };
  }

  @RequireScopes('items:write')
  @Get('change')
  change() {
    return {};
  }
}

test.each(adapters)(
  'on %s, accepts only opaque tokens that the issuer reports as active',
  async (adapter) => {
    const { server, call } = await startApp(
      { controllers: [ItemsController] },
      {
        adapter,
        auth: { introspection: { clientId: 'api', clientAuthentication: clientSecretBasic('api-secret') } },
        server: {
          accessTokenFormat: 'opaque',
          clients: [
            { clientId: 'job', clientSecret: 'job-secret' },
            { clientId: 'api', clientSecret: 'api-secret' },
          ],
        },
      },
    );
    const client = createClient({
      issuer: server.issuer,
      clientId: 'job',
      clientAuthentication: clientSecretBasic('job-secret'),
      fetch: server.fetch,
      now: server.clock.now,
    });
    const requestToken = () => requestClientCredentials(client, { scope: 'items:read', resource: audience });
    const { accessToken } = await requestToken();
    expect(await call('/items', accessToken)).toMatchObject({ status: 200, body: { clientId: 'job' } });
    expect(await call('/items', accessToken)).toMatchObject({ status: 200 });
    expect(server.requestsTo('introspection')).toHaveLength(1);
    expect(await call('/items/change', accessToken)).toMatchObject({
      status: 403,
      challenge: expect.stringContaining('insufficient_scope'),
    });
    expect(await call('/items', 'unknown-token')).toMatchObject({
      status: 401,
      challenge: expect.stringContaining('invalid_token'),
    });
    // While the issuer is unavailable, no request is accepted.
    const { accessToken: another } = await requestToken();
    server.fail('introspection', { network: true });
    expect(await call('/items', another)).toMatchObject({ status: 503 });
    expect(await call('/items', another)).toMatchObject({ status: 200 });
    const { accessToken: revoked } = await requestToken();
    await revokeToken(client, revoked);
    expect(await call('/items', revoked)).toMatchObject({ status: 401 });
  },
);
