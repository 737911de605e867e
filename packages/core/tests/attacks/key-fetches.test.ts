import { base64url } from 'jose';
import { describe, expect, test } from 'vitest';
import { validateLogoutToken } from '../../src/index.ts';
import { createHarness } from '../conformance/harness.ts';

const encode = (value: unknown) => base64url.encode(JSON.stringify(value));

/** Creates a logout token with an invalid signature. */
const createForgedToken = (kid: number) =>
  `${encode({ alg: 'RS256', typ: 'logout+jwt', kid: `forged-${kid}` })}.${encode({})}.${'A'.repeat(342)}`;

async function setUp(options: Parameters<typeof createHarness>[0] = {}) {
  const harness = await createHarness({ ...options, server: { ownKeys: true, ...options.server } });
  const { server, client } = harness;
  server.clock.stop();
  const flood = async () => {
    const outcomes: unknown[] = [];
    for (let i = 0; i < 30; i++)
      outcomes.push(await validateLogoutToken(client, createForgedToken(i)).catch(({ name }) => name));
    return outcomes;
  };
  return { ...harness, harness, server, client, flood, fetches: () => server.requestsTo('jwks').length };
}

describe('K5: forged logout tokens with unknown keys', () => {
  test('do not delay a login after a key rotation', async () => {
    const { harness, server, flood } = await setUp();
    await harness.logIn();
    await flood();
    await server.rotateKeys();
    await expect(harness.logIn()).resolves.toBeDefined();
  });

  test('cause five fetches, then one per ten seconds; further tokens lead to a TransportError', async () => {
    const { harness, server, flood, fetches } = await setUp();
    await harness.logIn();
    const outcomes = await flood();
    expect(outcomes.slice(0, 5)).toEqual(Array(5).fill('ValidationError'));
    expect(outcomes.slice(5)).toEqual(Array(25).fill('TransportError'));
    expect(fetches()).toBe(6);
    server.clock.advance(10);
    await flood();
    expect(fetches()).toBe(7);
  });

  test('do not affect logout tokens with known keys', async () => {
    const { harness, server, client, flood } = await setUp();
    await harness.logIn();
    await flood();
    await expect(validateLogoutToken(client, await server.mintLogoutToken())).resolves.toBeDefined();
  });

  test('delay a logout token of a new key, which is accepted when it is sent again', async () => {
    const { harness, server, client, flood } = await setUp();
    await harness.logIn();
    await flood();
    await server.rotateKeys();
    const token = await server.mintLogoutToken();
    await expect(validateLogoutToken(client, token)).rejects.toMatchObject({
      name: 'TransportError',
      code: 'rate_limited',
      retryAfter: 10,
    });
    server.clock.advance(10);
    await expect(validateLogoutToken(client, token)).resolves.toBeDefined();
  });

  test('cause one fetch per second while no keys are known and fetches fail, and do not affect logins', async () => {
    const { harness, server, flood, fetches } = await setUp({ client: { retries: 0 } });
    server.fail('jwks', { network: true, times: 2 });
    expect(await flood()).toEqual(Array(30).fill('TransportError'));
    expect(fetches()).toBe(1);
    server.clock.advance(1);
    await flood();
    expect(fetches()).toBe(2);
    // The keys are available again: the login does not wait for the retry delay.
    await expect(harness.logIn()).resolves.toBeDefined();
    expect(fetches()).toBe(3);
  });

  test('cause one request per second while the provider is unavailable', async () => {
    const { server, client, flood } = await setUp({ client: { retries: 0 } });
    server.fail('discovery', { network: true, times: 1000 });
    server.fail('jwks', { network: true, times: 1000 });
    const requests = () => server.requestsTo('discovery').length + server.requestsTo('jwks').length;
    await flood();
    expect(requests()).toBe(1);
    server.clock.advance(1);
    expect(await flood()).toEqual(Array(30).fill('TransportError'));
    expect(requests()).toBe(2);
    expect(client.issuer).toBe(server.issuer);
  });

  test('cause a limited count of requests while the provider is unavailable and its metadata is stale', async () => {
    const { harness, server, flood } = await setUp({ client: { retries: 0 } });
    await harness.logIn();
    server.fail('discovery', { network: true, times: 1000 });
    server.fail('jwks', { network: true, times: 1000 });
    server.clock.advance(3_700);
    const countRequests = () => server.requestsTo('discovery').length + server.requestsTo('jwks').length;
    const requestsBefore = countRequests();
    await flood();
    // One for the metadata, one for stale keys, five for unknown keys.
    expect(countRequests() - requestsBefore).toBe(7);
  });
});

describe('K6: key rotations', () => {
  test('four in the same second do not reject a login', async () => {
    const { harness, server, fetches } = await setUp();
    await harness.logIn();
    for (let rotation = 0; rotation < 4; rotation++) {
      await server.rotateKeys();
      await expect(harness.logIn()).resolves.toBeDefined();
    }
    expect(fetches()).toBe(5);
  });

  test('a login during a fetch that started before the rotation fetches the keys again', async () => {
    const { harness, server, client } = await setUp();
    await harness.logIn();
    const release = server.hold('jwks');
    // A forged token started a fetch, which returns the previous keys.
    const forgedResult = validateLogoutToken(client, createForgedToken(1)).catch(({ name }) => name);
    await expect.poll(() => server.requestsTo('jwks').length).toBe(2);
    await server.rotateKeys();
    const login = harness.logIn();
    release();
    await expect(login).resolves.toBeDefined();
    expect(await forgedResult).toBe('ValidationError');
  });

  test('a key that is published late leads to a TransportError, not to a ValidationError', async () => {
    const { harness, server } = await setUp();
    await harness.logIn();
    server.faults.add('id_token_kid_unknown');
    for (let i = 0; i < 8; i++) await harness.logIn().catch(() => undefined);
    await expect(harness.logIn()).rejects.toMatchObject({ name: 'TransportError', code: 'rate_limited' });
  });
});

describe('K7: signed authorization responses are sent by browsers', () => {
  test('forged logout tokens do not affect them', async () => {
    const { harness, server, flood } = await setUp({ client: { responseMode: 'jwt' } });
    await harness.logIn();
    await flood();
    await server.rotateKeys();
    await expect(harness.logIn()).resolves.toBeDefined();
  });

  test('forged ones do not affect a refresh', async () => {
    const { harness, server } = await setUp({ client: { responseMode: 'jwt' } });
    await harness.logIn();
    server.faults.add('authorization_response_kid_unknown');
    for (let i = 0; i < 5; i++)
      await expect(harness.logIn()).rejects.toMatchObject({ name: 'ValidationError', check: 'kid' });
    await expect(harness.logIn()).rejects.toMatchObject({ name: 'TransportError', code: 'rate_limited' });
    server.faults.clear();
    await server.rotateKeys();
    const previousIdToken = harness.stored?.idToken;
    await harness.refresh();
    expect(harness.stored?.idToken).not.toBe(previousIdToken);
  });
});
