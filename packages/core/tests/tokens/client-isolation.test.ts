// @platforms node, edge: a browser keeps the modules that it has loaded.
import { createTestAuthorizationServer } from '@countersign/testing';
import { decodeJwt } from 'jose';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import * as first from '../../src/index.ts';

type Core = typeof first;
const modules = ['one module', 'two copies of the module'];

let second: Core;
beforeAll(async () => {
  vi.resetModules();
  second = await import('../../src/index.ts');
});

test('the test loads the copy as a separate module', () => {
  expect(second.createClient).not.toBe(first.createClient);
});

/** Creates a client of an issuer whose access tokens contain the issuer and the client. */
async function createServiceClient(copy: Core, issuer: string, clientId = 'service') {
  const server = await createTestAuthorizationServer({
    issuer,
    clients: [{ clientId, clientSecret: 'secret' }],
    ownKeys: true,
  });
  const client = copy.createClient({
    issuer,
    clientId,
    clientAuthentication: copy.clientSecretBasic('secret'),
    fetch: server.fetch,
    now: server.clock.now,
  });
  return { server, client };
}

describe.each(modules)('C12: clients of %s', (name) => {
  const getOther = () => (name === modules[0] ? first : second);

  test('share no tokens of client credentials', async () => {
    const copies = [first, getOther(), first];
    const clients = await Promise.all(
      ['https://one.example.test', 'https://two.example.test', 'https://three.example.test'].map(
        async (issuer, index) => {
          const copy = copies[index] as Core;
          const { client, server } = await createServiceClient(copy, issuer);
          return { issuer, server, tokens: copy.createClientCredentialsTokens(client) };
        },
      ),
    );
    const request = { scope: 'reports:read' };
    const findIssuers = () =>
      Promise.all(
        clients.map(async ({ tokens }) => decodeJwt((await tokens.getAccessToken(request)).accessToken).iss),
      );
    const issuers = clients.map(({ issuer }) => issuer);
    expect(await findIssuers()).toEqual(issuers);
    // These tokens are cached.
    expect(await findIssuers()).toEqual(issuers);
    for (const { server } of clients) expect(server.requestsTo('token')).toHaveLength(1);
  });

  test('send the nonces of DPoP only with their key pair, to their server', async () => {
    const other = getOther();
    const proofs: { readonly by: string; readonly nonce: unknown }[] = [];
    const createFetch = async (copy: Core, user: string, keyPair: CryptoKeyPair, api: string) => {
      const client = copy.createClient({
        issuer: 'https://login.example.test',
        clientId: 'web',
        dpop: { keyPair },
        fetch: async (_, init) => {
          const { dpop = '' } = init.headers as Record<string, string>;
          proofs.push({ by: user, nonce: decodeJwt(dpop).nonce });
          return new Response(null, { headers: { 'dpop-nonce': `nonce of ${user}` } });
        },
      });
      return copy.createResourceFetch(client, {
        origins: [api],
        getAccessToken: async () => ({ accessToken: user, tokenType: 'DPoP' }),
      });
    };
    const api = 'https://api.example.test';
    const otherApi = 'https://other.example.test';
    const [keys, otherKeys] = await Promise.all([first.generateDpopKeyPair(), other.generateDpopKeyPair()]);
    const fetches = await Promise.all([
      createFetch(first, 'alice', keys as CryptoKeyPair, api),
      createFetch(other, 'bob', otherKeys as CryptoKeyPair, api),
      // Another client with the same key pair, and another server.
      createFetch(other, 'carol', keys as CryptoKeyPair, api),
      createFetch(first, 'dave', keys as CryptoKeyPair, otherApi),
    ]);
    const addresses = [api, api, api, otherApi];
    for (let round = 0; round < 2; round++)
      for (const [index, send] of fetches.entries()) await send(`${addresses[index]}/items`);
    expect(proofs).toEqual([
      ...['alice', 'bob', 'carol', 'dave'].map((by) => ({ by, nonce: undefined })),
      ...['alice', 'bob', 'carol', 'dave'].map((by) => ({ by, nonce: `nonce of ${by}` })),
    ]);
  });
});
