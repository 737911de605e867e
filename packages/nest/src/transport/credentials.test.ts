import { createAccessTokenVerifier } from '@countersign/core/resource-server';
import { createTestAuthorizationServer } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { createGraphqlTransport } from './graphql/graphql-transport.ts';
import { createRpcTransport, rpcCredentials } from './rpc-transport.ts';
import type { Transport } from './transport.ts';
import { createWebSocketTransport } from './websocket/websocket-transport.ts';

/** Verifies the credential of a transport where anonymous requests are allowed. */
async function verifyOptional(transport: Transport | undefined) {
  const { issuer, fetch } = await createTestAuthorizationServer({ resources: ['api'] });
  const verifier = createAccessTokenVerifier({ issuer, audience: 'api', fetch });
  const request = transport?.request();
  if (!request) throw new Error('The transport has no request');
  return verifier.verifyOptional(request);
}

/** Headers of NATS: `get` returns the first value, and names distinguish case. */
function createNatsHeaders(...entries: readonly (readonly [string, string])[]) {
  const select = (name: string) => entries.filter(([each]) => each === name).map(([, value]) => value);
  return {
    get: (name: string) => select(name)[0] ?? '',
    values: select,
    keys: () => [...new Set(entries.map(([name]) => name))],
  };
}

const createSocketIo = (auth: object) =>
  createWebSocketTransport({ handshake: { headers: {}, auth }, once() {} });

const createGraphqlWs = (connectionParams: object) =>
  createGraphqlTransport({
    getArgs: () => [undefined, {}, { req: { connectionParams, extra: { request: { headers: {} } } } }, {}],
  } as never);

const createMercurius = (_connectionInit: object) =>
  createGraphqlTransport({
    getArgs: () => [undefined, {}, { request: { ws: true, headers: {} }, _connectionInit }, {}],
  } as never);

const createRpc = (context: object) =>
  createRpcTransport({ getArgs: () => [{}, context] } as never, rpcCredentials);

const createKafka = (headers: object) => createRpc({ getMessage: () => ({ headers }) });
const createNats = (...entries: readonly (readonly [string, string])[]) =>
  createRpc({ getHeaders: () => createNatsHeaders(...entries) });

const [x, y] = ['Bearer x', 'Bearer y'];

describe('A12: a malformed credential is not anonymous', () => {
  test.each<[string, Transport | undefined]>([
    ['a number for socket.io', createSocketIo({ token: 1 })],
    ['false for socket.io', createSocketIo({ token: false })],
    ['0 for socket.io', createSocketIo({ token: 0 })],
    ['a list for socket.io', createSocketIo({ token: [x] })],
    ['an object for socket.io', createSocketIo({ token: { token: 'x' } })],
    ['an empty text for socket.io', createSocketIo({ token: '' })],
    ['a number for graphql-ws', createGraphqlWs({ authorization: 1 })],
    ['a list for graphql-ws', createGraphqlWs({ authorization: [x] })],
    ['an object for graphql-ws', createGraphqlWs({ Authorization: {} })],
    ['two values for graphql-ws', createGraphqlWs({ authorization: x, Authorization: y })],
    ['a number and a text for graphql-ws', createGraphqlWs({ authorization: 1, Authorization: y })],
    ['a text and a number for graphql-ws', createGraphqlWs({ authorization: x, Authorization: 1 })],
    ['two values for Mercurius', createMercurius({ authorization: x, Authorization: y })],
    ['a list for Mercurius', createMercurius({ headers: { authorization: [x] } })],
    ['a repeated header of Kafka', createKafka({ authorization: [Buffer.from(x), Buffer.from(y)] })],
    ['two spellings for Kafka', createKafka({ authorization: x, Authorization: Buffer.from(y) })],
    ['two values for NATS', createNats(['authorization', x], ['authorization', y])],
    ['two spellings for NATS', createNats(['authorization', x], ['Authorization', y])],
  ])('%s', async (_, transport) => {
    await expect(verifyOptional(transport)).rejects.toMatchObject({ code: 'invalid_request', status: 400 });
  });

  test.each<[string, Transport | undefined]>([
    ['no token for socket.io', createSocketIo({})],
    ['null for socket.io', createSocketIo({ token: null })],
    ['null for graphql-ws', createGraphqlWs({ authorization: null })],
    ['no header of NATS', createNats(['other', x])],
  ])('%s is anonymous', async (_, transport) => {
    expect(await verifyOptional(transport)).toBeUndefined();
  });
});

describe('A12: rpcCredentials', () => {
  test.each<[string, object, string | undefined]>([
    ['one value', createNatsHeaders(['authorization', x]), x],
    ['one value with another case', createNatsHeaders(['Authorization', x]), x],
    ['two values', createNatsHeaders(['authorization', x], ['authorization', y]), undefined],
    ['two spellings', createNatsHeaders(['authorization', x], ['AUTHORIZATION', y]), undefined],
    ['no value', createNatsHeaders(), undefined],
    ['a Map', new Map([['authorization', x]]), x],
    ['a Headers object', new Headers({ Authorization: x }), x],
  ])('reads %s', (_, headers, expected) => {
    expect(rpcCredentials({}, { getHeaders: () => headers })).toBe(expected);
  });
});
