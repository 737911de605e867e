import { EventEmitter } from 'node:events';
import {
  AccessTokenError,
  type AccessTokenVerifier,
  AuthenticatedRequest,
} from '@countersign/core/resource-server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testPrincipal } from '../testing/index.ts';
import type { Transport } from '../transport/transport.ts';
import { createWebSocketTransport, saveHandshake } from '../transport/websocket/websocket-transport.ts';
import { Authenticator } from './authenticator.ts';

let unhandledErrors: unknown[] = [];
let previousListeners: NodeJS.UnhandledRejectionListener[] = [];
const listen = (error: unknown) => void unhandledErrors.push(error);

beforeEach(() => {
  unhandledErrors = [];
  previousListeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', listen);
});
afterEach(() => {
  process.off('unhandledRejection', listen);
  for (const each of previousListeners) process.on('unhandledRejection', each);
});

test('N32: messages beyond the limit leave no unhandled rejection if their token is then rejected', async () => {
  const accessToken = testPrincipal() as never;
  let permit = () => {};
  const permitted = new Promise<void>((resolve) => {
    permit = resolve;
  });
  const verifier = {
    verifyOptional: async () => new AuthenticatedRequest({ scheme: 'Bearer', token: 'opaque' }, accessToken),
    async verifyToken() {
      await permitted;
      throw new AccessTokenError('invalid_token', 'The access token is not active', {
        status: 401,
        challenges: [],
      });
    },
  } as unknown as AccessTokenVerifier;
  const authenticator = new Authenticator(verifier);
  const client = Object.assign(new EventEmitter(), { readyState: 1, close() {}, send() {} });
  saveHandshake(client, { headers: { authorization: 'Bearer opaque' } });
  const authenticate = () => authenticator.authenticate(createWebSocketTransport(client) as Transport);
  await authenticate();
  const messages = Promise.allSettled(Array.from({ length: 5_010 }, authenticate));
  await new Promise(setImmediate);
  permit();
  expect(new Set((await messages).map(({ status }) => status))).toEqual(new Set(['rejected']));
  // Node reports unhandled rejections after the microtasks of a task.
  await new Promise(setImmediate);
  client.emit('close');
  expect(unhandledErrors).toEqual([]);
});
