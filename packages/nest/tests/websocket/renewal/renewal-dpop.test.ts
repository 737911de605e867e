import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { ConnectionAuthenticator } from '../../../src/index.ts';
import { startApp } from '../../support/start/start-app.ts';
import { createHolder } from '../../support/tokens/dpop.ts';

const origin = 'https://api.example.test';
const htu = `${origin}/items`;

type Holder = Awaited<ReturnType<typeof createHolder>>;

describe('N23: a new token that is bound to a key, on an open connection', () => {
  async function connect() {
    const { app, mint, server } = await startApp({}, { auth: { dpop: { origin } } as never });
    server.clock.stop();
    const connections = app.get(ConnectionAuthenticator);
    const closed: number[] = [];
    const client = Object.assign(new EventEmitter(), {
      readyState: 1,
      close: (code: number) => void closed.push(code),
      send() {},
    });
    const createKeyHolder = (claims: object = {}) => createHolder((cnf) => mint({ ...cnf, ...claims }));
    const prove = (holder: Holder, changes: object = {}) =>
      holder.prove({ htm: 'GET', htu, now: server.clock.now(), ...changes });
    const first = await createKeyHolder({ scope: 'first' });
    const handshake = await prove(first);
    await connections.authenticate(client, { method: 'GET', url: '/items', headers: handshake });
    expect(closed).toEqual([]);
    const renew = async (headers: Record<string, string | undefined>) => {
      const { authorization = '', dpop } = headers;
      const { accessToken } = await connections.renew(client, authorization, {
        ...(dpop !== undefined && { proof: dpop }),
      });
      return accessToken.scopes;
    };
    return { client, closed, createKeyHolder, first, handshake, prove, renew, server };
  }

  type World = Awaited<ReturnType<typeof connect>>;

  test.each<[string, (world: World) => Promise<Holder>]>([
    ['of the same key', async ({ first }) => first],
    ['of another key of the same client', ({ createKeyHolder }) => createKeyHolder({ scope: 'next' })],
  ])('is accepted with a new proof %s', async (_, find) => {
    const world = await connect();
    const holder = await find(world);
    expect(await world.renew(await world.prove(holder))).toEqual([holder === world.first ? 'first' : 'next']);
    expect(world.closed).toEqual([]);
  });

  test.each<
    [string, string | RegExp, (world: World, next: Holder) => Promise<Record<string, string | undefined>>]
  >([
    ['without a proof', /proof/, async ({ prove }, next) => ({ ...(await prove(next)), dpop: undefined })],
    ['with an empty proof', /proof/, async ({ prove }, next) => ({ ...(await prove(next)), dpop: '' })],
    [
      'with the proof of the handshake',
      /already used|not bound|key/,
      async ({ prove, handshake }, next) => ({ ...(await prove(next)), dpop: handshake.dpop }),
    ],
    [
      'with a proof of another key',
      /key/,
      async ({ prove, first }, next) => ({ ...(await prove(next)), dpop: (await prove(first)).dpop }),
    ],
    [
      'with a proof without "ath"',
      /another access token/,
      async ({ prove }, next) => prove(next, { ath: undefined }),
    ],
    [
      'with a proof for another token',
      /another access token/,
      async ({ prove }, next) => prove(next, { ath: 'other' }),
    ],
    [
      'with a proof for another method',
      /another method/,
      async ({ prove }, next) => prove(next, { htm: 'POST' }),
    ],
    [
      'with a proof for another address',
      /another URL/,
      async ({ prove }, next) => prove(next, { htu: `${origin}/other` }),
    ],
    [
      'with an old proof',
      /proof/,
      async ({ prove, server }, next) => prove(next, { now: server.clock.now() - 3_600_000 }),
    ],
    [
      'as a Bearer token',
      /DPoP/,
      async ({ prove }, next) => ({ ...(await prove(next)), authorization: `Bearer ${next.token}` }),
    ],
  ])('is rejected %s, and the connection keeps its token', async (_, message, create) => {
    const world = await connect();
    const next = await world.createKeyHolder({ scope: 'next' });
    const error = (await world.renew(await create(world, next)).catch((thrown: unknown) => thrown)) as {
      readonly error: { readonly statusCode: number; readonly message: string };
    };
    expect([400, 401]).toContain(error.error.statusCode);
    expect(error.error.message).toMatch(message);
    expect(error.error.message).not.toContain(next.token);
    expect(world.closed).toEqual([]);
    // A later valid renewal is not affected.
    expect(await world.renew(await world.prove(next))).toEqual(['next']);
  });

  test('is rejected with a proof that renewed the token before', async () => {
    const world = await connect();
    const headers = await world.prove(await world.createKeyHolder({ scope: 'next' }));
    expect(await world.renew(headers)).toEqual(['next']);
    await expect(world.renew(headers)).rejects.toMatchObject({
      error: { statusCode: 401, code: 'invalid_dpop_proof', message: 'The DPoP proof was already used' },
    });
  });
});
