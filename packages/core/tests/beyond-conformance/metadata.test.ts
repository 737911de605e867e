import { describe, expect, test } from 'vitest';
import { createClient, discover } from '../../src/index.ts';
import { createHarness } from '../conformance/harness.ts';

describe('metadata', () => {
  test('is fetched once for everybody, again after an hour, and survives an outage', async () => {
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

  test('a failure is kept for a second, and one that passes within the retries is not seen', async () => {
    const patient = await createHarness();
    patient.server.fail('discovery', { status: 503, times: 2 });
    await expect(discover(patient.client)).resolves.toMatchObject({ issuer: patient.server.issuer });
    expect(patient.server.requestsTo('discovery')).toHaveLength(3);
    const { client, server } = await createHarness({ client: { retries: 0 } });
    server.clock.stop();
    server.fail('discovery', { network: true });
    await expect(discover(client)).rejects.toMatchObject({ code: 'network_error' });
    server.clock.advance(1);
    await expect(discover(client)).resolves.toMatchObject({ issuer: server.issuer });
  });

  test('a server that says when to come back is not asked before', async () => {
    const { client, server } = await createHarness();
    server.fail('discovery', { status: 503, headers: { 'retry-after': '30' } });
    await expect(discover(client)).rejects.toMatchObject({ code: 'server_error', retryAfter: 30 });
    expect(server.requestsTo('discovery')).toHaveLength(1);
  });

  test('of RFC 8414 is found where that places it', async () => {
    const issuer = 'https://auth.example.test/tenant/one';
    const { client, server } = await createHarness({
      server: { issuer },
      client: { issuer, discovery: 'oauth' },
    });
    await discover(client);
    expect(server.requests[0]?.path).toBe('/.well-known/oauth-authorization-server/tenant/one');
  });

  test('given by hand costs no request, and must be of the issuer', async () => {
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
