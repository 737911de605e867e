import { EventEmitter } from 'node:events';
import { type AccessTokenVerifier, AuthenticatedRequest } from '@countersign/core/resource-server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { closeDuringAuthentication } from '../../tests/support/gateways/closing-connection.ts';
import { testPrincipal } from '../testing/index.ts';
import { HttpTransport } from '../transport/http/http-transport.ts';
import { Authenticator } from './authenticator.ts';
import { ConnectionAuthenticator } from './connection-authenticator.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Creates a verifier that waits for `release()`, and whose tokens have no expiry. */
function createVerifier() {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const accessToken = { ...testPrincipal(), expiresAt: undefined } as never;
  const verifyToken = vi.fn(async () => accessToken);
  const verifyOptional = vi.fn(async () => {
    await released;
    return new AuthenticatedRequest({ scheme: 'Bearer', token: 'opaque' }, accessToken);
  });
  const verifier = { verifyOptional, verifyToken } as unknown as AccessTokenVerifier;
  return { release, verifier, verifyOptional, verifyToken };
}

const handshake = { headers: { authorization: 'Bearer opaque' } };

/** Creates a client that emits `close` only once. */
const createClient = (state: object = {}) =>
  Object.assign(new EventEmitter(), { close() {}, send() {} }, state);

async function expectNoTimer(verifyToken: ReturnType<typeof createVerifier>['verifyToken']) {
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(verifyToken).not.toHaveBeenCalled();
}

test('N22: no timer starts for a connection that closes while its token is verified', async () => {
  const { release, verifier, verifyToken } = createVerifier();
  const connections = new ConnectionAuthenticator(new Authenticator(verifier), verifier);
  const client = createClient();
  const pending = connections.authenticate(client, handshake);
  client.emit('close');
  release();
  await pending;
  await expectNoTimer(verifyToken);
});

test.each([
  ['a WebSocket', { readyState: 3 }],
  ['a connection of Node', { destroyed: true }],
  ['a client of socket.io', { disconnected: true, handshake, disconnect() {} }],
])('N22: no timer starts for %s that closed before it was authenticated', async (_, state) => {
  const { release, verifier, verifyToken } = createVerifier();
  const connections = new ConnectionAuthenticator(new Authenticator(verifier), verifier);
  release();
  await connections.authenticate(createClient(state), handshake);
  await expectNoTimer(verifyToken);
});

test('N22: the token of an open connection is verified again', async () => {
  const { release, verifier, verifyToken } = createVerifier();
  const connections = new ConnectionAuthenticator(new Authenticator(verifier), verifier);
  const client = createClient({ readyState: 1 });
  release();
  await connections.authenticate(client, handshake);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(verifyToken).toHaveBeenCalledOnce();
  client.emit('close');
  expect(vi.getTimerCount()).toBe(0);
});

test('N22: a connection has one listener, even if its token is rejected several times', async () => {
  const verifyOptional = vi.fn(() => Promise.reject(new Error('rejected')));
  const verifier = { verifyOptional } as unknown as AccessTokenVerifier;
  const authenticator = new Authenticator(verifier);
  const client = createClient();
  const transport = {
    kind: 'ws' as const,
    requestKey: client,
    invocationKey: client,
    request: () => handshake,
    close: () => {},
    onClosed: (listener: () => void) => client.once('close', listener),
  };
  for (let i = 0; i < 5; i++)
    await expect(authenticator.authenticate(transport as never)).rejects.toThrow('rejected');
  expect(verifyOptional).toHaveBeenCalledTimes(5);
  expect(client.listenerCount('close')).toBe(1);
});

test('N22: no timer starts for a real WebSocket that closes while its token is verified', async () => {
  const { release, verifier, verifyToken } = createVerifier();
  const connections = new ConnectionAuthenticator(new Authenticator(verifier), verifier);
  await closeDuringAuthentication(
    (client) => connections.authenticate(client, handshake),
    () => {
      vi.clearAllTimers();
      release();
    },
  );
  await expectNoTimer(verifyToken);
});

test('N22: no timer starts for an event stream whose client has disconnected', () => {
  const { verifier } = createVerifier();
  const accessToken = { ...testPrincipal(), expiresAt: undefined } as never;
  const authenticated = new AuthenticatedRequest({ scheme: 'Bearer', token: 'opaque' }, accessToken);
  const authenticator = new Authenticator(verifier);
  for (const state of [{ closed: true }, { destroyed: true }]) {
    const response = Object.assign(new EventEmitter(), { setHeader() {}, ...state });
    authenticator.endWithToken(new HttpTransport({ headers: {} }, response as never), authenticated);
  }
  expect(vi.getTimerCount()).toBe(0);
});
