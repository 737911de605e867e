import { describe, expect, test } from 'vitest';
import { createHarness } from '../../../tests/support/client/harness.ts';
import { createWebApp } from '../../../tests/support/web-browser.ts';
import { createClient, validateLogoutToken } from '../../index.ts';
import { discover } from './discovery.ts';

const failures = [
  ['the network', { network: true }],
  ['503', { status: 503 }],
  ['403', { status: 403 }],
  ['404', { status: 404 }],
  ['200 without JSON', { status: 200, body: '<html>' }],
] as const;

describe('S38: a failed discovery', () => {
  test.each(failures)('is repeated once per second for login requests with %s', async (_, failure) => {
    const app = await createWebApp({}, { client: { retries: 0 } });
    app.server.clock.stop();
    app.server.fail('discovery', { ...failure, times: 1_000 });
    const requests = () => app.server.requestsTo('discovery').length;
    const visit = async () => (await app.open().visit('/auth/login')).status;
    const statuses = [];
    for (let i = 0; i < 30; i++) statuses.push(await visit());
    statuses.push(...(await Promise.all(Array.from({ length: 30 }, visit))));
    expect(requests()).toBe(1);
    expect(new Set(statuses).size).toBe(1);
    expect(statuses[0]).toBeGreaterThanOrEqual(400);
    app.server.clock.advance(1);
    for (let i = 0; i < 30; i++) await visit();
    expect(requests()).toBe(2);
  });

  test('counts as one with its retries', async () => {
    const { client, server } = await createHarness({ client: { retries: 1 } });
    server.clock.stop();
    server.fail('discovery', { network: true, times: 1_000 });
    for (let i = 0; i < 10; i++) await discover(client).catch(() => {});
    expect(server.requestsTo('discovery')).toHaveLength(2);
  });

  test.each(failures)('rejects all callers with the same error with %s', async (_, failure) => {
    const { client, server } = await createHarness({ client: { retries: 0 } });
    server.clock.stop();
    server.fail('discovery', { ...failure, times: 1_000 });
    const first = await discover(client).catch((error: unknown) => error);
    const second = await discover(client).catch((error: unknown) => error);
    const { name, code, message, status, check } = first as Record<string, unknown>;
    expect(second).toMatchObject({ name, code, message });
    expect(second).toMatchObject({
      ...(status !== undefined && { status }),
      ...(check !== undefined && { check }),
    });
    const retryAfter = name === 'TransportError' ? 1 : undefined;
    for (const error of [first, second])
      expect((error as { retryAfter?: number }).retryAfter).toBe(retryAfter);
  });

  test('leads to Retry-After in the response to a login', async () => {
    const app = await createWebApp({}, { client: { retries: 0 } });
    app.server.clock.stop();
    app.server.fail('discovery', { network: true, times: 1_000 });
    for (let i = 0; i < 2; i++) {
      const response = await app.open().visit('/auth/login');
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    }
  });

  test('starts one pause for logout tokens and logins', async () => {
    const { client, server } = await createHarness({ client: { retries: 0 } });
    server.clock.stop();
    server.fail('discovery', { network: true, times: 1_000 });
    await discover(client).catch(() => {});
    const token = await server.mintLogoutToken();
    await expect(validateLogoutToken(client, token)).rejects.toMatchObject({ name: 'TransportError' });
    await expect(discover(client)).rejects.toMatchObject({ name: 'TransportError' });
    expect(server.requestsTo('discovery')).toHaveLength(1);
  });

  test('starts a pause of one second, which ends if the clock is set back', async () => {
    for (const seconds of [1, -60]) {
      const { client, server } = await createHarness({ client: { retries: 0 } });
      server.clock.stop();
      server.fail('discovery', { network: true });
      await expect(discover(client)).rejects.toMatchObject({ code: 'network_error' });
      await expect(discover(client)).rejects.toMatchObject({ code: 'network_error' });
      server.clock.advance(seconds);
      await expect(discover(client)).resolves.toMatchObject({ issuer: server.issuer });
    }
  });
});

describe('S38: cached metadata', () => {
  /** Fetches metadata, and lets it expire. */
  async function createExpired() {
    const { client, server } = await createHarness({ client: { retries: 0 } });
    server.clock.stop();
    await discover(client);
    server.clock.advance(3_600);
    return { client, server };
  }
  const serve = ({ server }: Pick<Awaited<ReturnType<typeof createExpired>>, 'server'>, change: object) =>
    server.fail('discovery', {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...server.metadata, ...change }),
    });

  test.each(failures.slice(0, 2))('is used only for another hour with %s', async (_, failure) => {
    const { client, server } = await createExpired();
    server.fail('discovery', { ...failure, times: 1_000 });
    await expect(discover(client)).resolves.toMatchObject({ issuer: server.issuer });
    // Also during the pause after the failure.
    await expect(discover(client)).resolves.toMatchObject({ issuer: server.issuer });
    expect(server.requestsTo('discovery')).toHaveLength(2);
    server.clock.advance(3_599);
    await expect(discover(client)).resolves.toMatchObject({ issuer: server.issuer });
    server.clock.advance(1);
    await expect(discover(client)).rejects.toMatchObject({ name: 'TransportError' });
  });

  test.each([
    ['the issuer of another provider', { issuer: 'https://other.example' }],
    ['a malformed endpoint', { token_endpoint: 'http://id.example/token' }],
  ])('does not replace metadata with %s', async (_, change) => {
    const { client, server } = await createExpired();
    serve({ server }, change);
    await expect(discover(client)).rejects.toMatchObject({ code: 'metadata_invalid' });
    // Also during the pause after the failure.
    await expect(discover(client)).rejects.toMatchObject({ code: 'metadata_invalid' });
    expect(server.requestsTo('discovery')).toHaveLength(2);
    server.clock.advance(1);
    await expect(discover(client)).resolves.toMatchObject({ issuer: server.issuer });
  });

  test('is rejected if its issuer differs in a trailing slash', async () => {
    const { client, server } = await createHarness({ client: { retries: 0 } });
    serve({ server }, { issuer: `${server.issuer}/` });
    await expect(discover(client)).rejects.toMatchObject({ code: 'metadata_invalid', check: 'issuer' });
  });
});

describe('with metadataUrl', () => {
  const issuer = 'https://tenant.example.test/1234/v2.0/';
  const metadataUrl = 'https://tenant.example.test/policy/.well-known/openid-configuration?p=sign-in';

  test('the document is fetched from this address, and its issuer must be equal', async () => {
    const visited: string[] = [];
    const document = { issuer };
    const fetch = async (url: string) => {
      visited.push(url);
      return Response.json(document);
    };
    const client = createClient({ issuer, clientId: 'web', metadataUrl, fetch });
    expect(await discover(client)).toMatchObject({ issuer });
    expect(visited).toEqual([metadataUrl]);
    document.issuer = 'https://tenant.example.test/other/v2.0/';
    await expect(discover(createClient({ ...client.options }))).rejects.toMatchObject({
      code: 'metadata_invalid',
      check: 'issuer',
    });
  });

  test.each(['http://tenant.example.test/metadata', 'tenant.example.test', 'javascript:alert(1)', ''])(
    'the address must be an https URL: %j',
    (url) => {
      expect(() => createClient({ issuer, clientId: 'web', metadataUrl: url })).toThrow(
        expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_option' }),
      );
    },
  );

  test('static metadata is rejected, because one of both would be ignored', () => {
    expect(() => createClient({ issuer, clientId: 'web', metadataUrl, metadata: { issuer } })).toThrow(
      expect.objectContaining({ code: 'invalid_option' }),
    );
  });
});
