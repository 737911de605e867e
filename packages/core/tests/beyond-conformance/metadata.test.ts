import { describe, expect, test } from 'vitest';
import { createClient, discover } from '../../src/index.ts';
import { createHarness } from '../support/client/harness.ts';

describe('the metadata', () => {
  test('is fetched once for concurrent callers and once an hour, and is used while the provider is unavailable', async () => {
    const { client, server } = await createHarness({ client: { retries: 0 } });
    server.clock.stop();
    await Promise.all(Array.from({ length: 10 }, () => discover(client)));
    expect(server.requestsTo('discovery')).toHaveLength(1);
    server.clock.advance(3601);
    await discover(client);
    expect(server.requestsTo('discovery')).toHaveLength(2);
    server.fail('discovery', { status: 503, times: 100 });
    server.clock.advance(3601);
    await expect(discover(client)).resolves.toMatchObject({ issuer: server.issuer });
    server.clock.advance(3600);
    await expect(discover(client)).rejects.toMatchObject({ code: 'server_error' });
  });

  test('is fetched again after a failure, first by retries and then after a second', async () => {
    const retrying = await createHarness();
    retrying.server.fail('discovery', { status: 503, times: 2 });
    await expect(discover(retrying.client)).resolves.toMatchObject({ issuer: retrying.server.issuer });
    expect(retrying.server.requestsTo('discovery')).toHaveLength(3);
    const { client, server } = await createHarness({ client: { retries: 0 } });
    server.clock.stop();
    server.fail('discovery', { network: true });
    await expect(discover(client)).rejects.toMatchObject({ code: 'network_error' });
    server.clock.advance(1);
    await expect(discover(client)).resolves.toMatchObject({ issuer: server.issuer });
  });

  test('is not fetched again before Retry-After', async () => {
    const { client, server } = await createHarness();
    server.fail('discovery', { status: 503, headers: { 'retry-after': '30' } });
    await expect(discover(client)).rejects.toMatchObject({ code: 'server_error', retryAfter: 30 });
    expect(server.requestsTo('discovery')).toHaveLength(1);
  });

  test('is fetched from the well-known path of RFC 8414 with discovery: oauth', async () => {
    const issuer = 'https://auth.example.test/tenant/one';
    const { client, server } = await createHarness({
      server: { issuer },
      client: { issuer, discovery: 'oauth' },
    });
    await discover(client);
    expect(server.requests[0]?.path).toBe('/.well-known/oauth-authorization-server/tenant/one');
  });

  test('is not fetched if it is configured, and is rejected with another issuer', async () => {
    const { server } = await createHarness();
    const metadata = server.metadata as { issuer: string };
    const client = createClient({ issuer: server.issuer, clientId: 'web', metadata, fetch: server.fetch });
    await discover(client);
    expect(server.requests).toHaveLength(0);
    expect(() => createClient({ issuer: 'https://other.example', clientId: 'web', metadata })).toThrow(
      expect.objectContaining({ code: 'invalid_option' }),
    );
  });
});
