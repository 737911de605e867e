import { base64url } from 'jose';
import { describe, expect, test } from 'vitest';
import { validateLogoutToken } from '../../src/index.ts';
import { createHarness } from '../support/client/harness.ts';

const encode = (value: unknown) => base64url.encode(JSON.stringify(value));

/** Creates a logout token with an invalid signature. */
const createForgedToken = (kid: number) =>
  `${encode({ alg: 'RS256', typ: 'logout+jwt', kid: `forged-${kid}` })}.${encode({})}.${'A'.repeat(342)}`;

async function setUp(options: Parameters<typeof createHarness>[0] = {}) {
  const harness = await createHarness({ ...options, server: { ownKeys: true, ...options.server } });
  const { server, client } = harness;
  server.clock.stop();
  const sendForgedTokens = async () => {
    const outcomes: unknown[] = [];
    for (let i = 0; i < 30; i++)
      outcomes.push(await validateLogoutToken(client, createForgedToken(i)).catch(({ name }) => name));
    return outcomes;
  };
  return {
    ...harness,
    harness,
    server,
    client,
    sendForgedTokens,
    countFetches: () => server.requestsTo('jwks').length,
  };
}

describe('K5: forged logout tokens with unknown keys', () => {
  test('do not delay a login after a key rotation', async () => {
    const { harness, server, sendForgedTokens } = await setUp();
    await harness.logIn();
    await sendForgedTokens();
    await server.rotateKeys();
    await expect(harness.logIn()).resolves.toBeDefined();
  });

  test('cause five fetches, then one per ten seconds, and further tokens lead to a TransportError', async () => {
    const { harness, server, sendForgedTokens, countFetches } = await setUp();
    await harness.logIn();
    const outcomes = await sendForgedTokens();
    expect(outcomes.slice(0, 5)).toEqual(Array(5).fill('ValidationError'));
    expect(outcomes.slice(5)).toEqual(Array(25).fill('TransportError'));
    expect(countFetches()).toBe(6);
    server.clock.advance(10);
    await sendForgedTokens();
    expect(countFetches()).toBe(7);
  });

  test('do not affect logout tokens with known keys', async () => {
    const { harness, server, client, sendForgedTokens } = await setUp();
    await harness.logIn();
    await sendForgedTokens();
    await expect(validateLogoutToken(client, await server.mintLogoutToken())).resolves.toBeDefined();
  });

  test('delay a logout token of a new key, which is accepted when it is sent again', async () => {
    const { harness, server, client, sendForgedTokens } = await setUp();
    await harness.logIn();
    await sendForgedTokens();
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
    const { harness, server, sendForgedTokens, countFetches } = await setUp({ client: { retries: 0 } });
    server.fail('jwks', { network: true, times: 2 });
    expect(await sendForgedTokens()).toEqual(Array(30).fill('TransportError'));
    expect(countFetches()).toBe(1);
    server.clock.advance(1);
    await sendForgedTokens();
    expect(countFetches()).toBe(2);
    // The keys are available again: the login does not wait for the retry delay.
    await expect(harness.logIn()).resolves.toBeDefined();
    expect(countFetches()).toBe(3);
  });

  test('cause one request per second while the provider is unavailable', async () => {
    const { server, client, sendForgedTokens } = await setUp({ client: { retries: 0 } });
    server.fail('discovery', { network: true, times: 1000 });
    server.fail('jwks', { network: true, times: 1000 });
    const countRequests = () => server.requestsTo('discovery').length + server.requestsTo('jwks').length;
    await sendForgedTokens();
    expect(countRequests()).toBe(1);
    server.clock.advance(1);
    expect(await sendForgedTokens()).toEqual(Array(30).fill('TransportError'));
    expect(countRequests()).toBe(2);
    expect(client.issuer).toBe(server.issuer);
  });

  test('cause a limited count of requests while the provider is unavailable and its metadata is stale', async () => {
    const { harness, server, sendForgedTokens } = await setUp({ client: { retries: 0 } });
    await harness.logIn();
    server.fail('discovery', { network: true, times: 1000 });
    server.fail('jwks', { network: true, times: 1000 });
    server.clock.advance(3_700);
    const countRequests = () => server.requestsTo('discovery').length + server.requestsTo('jwks').length;
    const requestsBefore = countRequests();
    await sendForgedTokens();
    // One for the metadata, one for stale keys, five for unknown keys.
    expect(countRequests() - requestsBefore).toBe(7);
  });
});

describe('K6: key rotations', () => {
  test('do not reject a login if four occur in one second', async () => {
    const { harness, server, countFetches } = await setUp();
    await harness.logIn();
    for (let rotation = 0; rotation < 4; rotation++) {
      await server.rotateKeys();
      await expect(harness.logIn()).resolves.toBeDefined();
    }
    expect(countFetches()).toBe(5);
  });

  test('cause a second fetch for a login during a fetch that started before the rotation', async () => {
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

  test('lead to a TransportError while the new key is not published', async () => {
    const { harness, server } = await setUp();
    await harness.logIn();
    server.faults.add('id_token_kid_unknown');
    for (let i = 0; i < 8; i++) await harness.logIn().catch(() => undefined);
    await expect(harness.logIn()).rejects.toMatchObject({ name: 'TransportError', code: 'rate_limited' });
  });
});

describe('K7: signed authorization responses', () => {
  test('are accepted despite forged logout tokens', async () => {
    const { harness, server, sendForgedTokens } = await setUp({ client: { responseMode: 'jwt' } });
    await harness.logIn();
    await sendForgedTokens();
    await server.rotateKeys();
    await expect(harness.logIn()).resolves.toBeDefined();
  });

  test('do not affect a refresh if they are forged', async () => {
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
