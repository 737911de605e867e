import { base64url } from 'jose';
import { describe, expect, test } from 'vitest';
import { validateLogoutToken } from '../../src/index.ts';
import { createHarness } from '../conformance/harness.ts';

const encode = (value: unknown) => base64url.encode(JSON.stringify(value));

/** A logout token that anybody can write. */
const forged = (kid: number) =>
  `${encode({ alg: 'RS256', typ: 'logout+jwt', kid: `forged-${kid}` })}.${encode({})}.${'A'.repeat(342)}`;

async function setUp(options: Parameters<typeof createHarness>[0] = {}) {
  const harness = await createHarness({ ...options, server: { ownKeys: true, ...options.server } });
  const { server, client } = harness;
  server.clock.stop();
  const flood = async () => {
    const outcomes: unknown[] = [];
    for (let i = 0; i < 30; i++)
      outcomes.push(await validateLogoutToken(client, forged(i)).catch(({ name }) => name));
    return outcomes;
  };
  return { ...harness, harness, server, client, flood, fetches: () => server.requestsTo('jwks').length };
}

describe('K5: anonymous logout tokens with unknown keys', () => {
  test('do not stand in the way of a login after a rotation', async () => {
    const { harness, server, flood } = await setUp();
    await harness.logIn();
    await flood();
    await server.rotateKeys();
    await expect(harness.logIn()).resolves.toBeDefined();
  });

  test('cause five fetches, then one in ten seconds; those beyond are neither valid nor invalid', async () => {
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

  test('do not stand in the way of logout tokens with known keys', async () => {
    const { harness, server, client, flood } = await setUp();
    await harness.logIn();
    await flood();
    await expect(validateLogoutToken(client, await server.mintLogoutToken())).resolves.toBeDefined();
  });

  test('a logout token of a new key can be sent again, and is valid then', async () => {
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

  test('while there are no keys and they cannot be fetched, cause one fetch in a second, and logins go on', async () => {
    const { harness, server, flood, fetches } = await setUp({ client: { retries: 0 } });
    server.fail('jwks', { network: true, times: 2 });
    expect(await flood()).toEqual(Array(30).fill('TransportError'));
    expect(fetches()).toBe(1);
    server.clock.advance(1);
    await flood();
    expect(fetches()).toBe(2);
    // The keys can be fetched again: the login does not wait for the end of the pause.
    await expect(harness.logIn()).resolves.toBeDefined();
    expect(fetches()).toBe(3);
  });

  test('while the provider cannot be reached, they cause one request per second', async () => {
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

  test('nor do they when what is known is old', async () => {
    const { harness, server, flood } = await setUp({ client: { retries: 0 } });
    await harness.logIn();
    server.fail('discovery', { network: true, times: 1000 });
    server.fail('jwks', { network: true, times: 1000 });
    server.clock.advance(3_700);
    const before = server.requestsTo('discovery').length + server.requestsTo('jwks').length;
    await flood();
    // One for metadata, one for stale keys, and the five that unknown keys may cause.
    expect(server.requestsTo('discovery').length + server.requestsTo('jwks').length - before).toBe(7);
  });
});

describe('K6: rotations in quick succession', () => {
  test('four of them in the same second refuse no login', async () => {
    const { harness, server, fetches } = await setUp();
    await harness.logIn();
    for (let rotation = 0; rotation < 4; rotation++) {
      await server.rotateKeys();
      await expect(harness.logIn()).resolves.toBeDefined();
    }
    expect(fetches()).toBe(5);
  });

  test('a login whose keys were asked for before the rotation asks again', async () => {
    const { harness, server, client } = await setUp();
    await harness.logIn();
    const open = server.hold('jwks');
    // A stranger's token has begun a fetch with the previous keys.
    const stranger = validateLogoutToken(client, forged(1)).catch(({ name }) => name);
    await expect.poll(() => server.requestsTo('jwks').length).toBe(2);
    await server.rotateKeys();
    const login = harness.logIn();
    open();
    await expect(login).resolves.toBeDefined();
    expect(await stranger).toBe('ValidationError');
  });

  test('a key that is published late: the login is told to come back, and not that it is invalid', async () => {
    const { harness, server } = await setUp();
    await harness.logIn();
    server.lies.add('id_token_kid_unknown');
    for (let i = 0; i < 8; i++) await harness.logIn().catch(() => undefined);
    await expect(harness.logIn()).rejects.toMatchObject({ name: 'TransportError', code: 'rate_limited' });
  });
});

describe('K7: signed authorization responses come through browsers', () => {
  test('logout tokens of strangers do not stand in their way', async () => {
    const { harness, server, flood } = await setUp({ client: { responseMode: 'jwt' } });
    await harness.logIn();
    await flood();
    await server.rotateKeys();
    await expect(harness.logIn()).resolves.toBeDefined();
  });

  test('forged ones do not stand in the way of a refresh', async () => {
    const { harness, server } = await setUp({ client: { responseMode: 'jwt' } });
    await harness.logIn();
    server.lies.add('authorization_response_kid_unknown');
    for (let i = 0; i < 5; i++)
      await expect(harness.logIn()).rejects.toMatchObject({ name: 'ValidationError', check: 'kid' });
    await expect(harness.logIn()).rejects.toMatchObject({ name: 'TransportError', code: 'rate_limited' });
    server.lies.clear();
    await server.rotateKeys();
    const before = harness.stored?.idToken;
    await harness.refresh();
    expect(harness.stored?.idToken).not.toBe(before);
  });
});
