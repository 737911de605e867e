import { EventEmitter, once } from 'node:events';
import { type AccessTokenVerifier, AuthenticatedRequest } from '@countersign/core/resource-server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type WebSocket from 'ws';
import { WebSocketServer } from 'ws';
import { testPrincipal } from '../testing/index.ts';
import { HttpTransport } from '../transport/http.ts';
import { Authenticator } from './authenticator.ts';
import { ConnectionAuthenticator } from './connection-authenticator.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A verifier that waits for `open()`, and whose tokens have no end of their own. */
function createVerifier() {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const accessToken = { ...testPrincipal(), expiresAt: undefined } as never;
  const verifyToken = vi.fn(async () => accessToken);
  const verifyOptional = vi.fn(async () => {
    await gate;
    return new AuthenticatedRequest({ scheme: 'Bearer', token: 'opaque' }, accessToken);
  });
  const verifier = { verifyOptional, verifyToken } as unknown as AccessTokenVerifier;
  return { open, verifier, verifyOptional, verifyToken };
}

const handshake = { headers: { authorization: 'Bearer opaque' } };

/** A client that says only once that it has closed. */
const createClient = (state: object = {}) =>
  Object.assign(new EventEmitter(), { close() {}, send() {} }, state);

async function expectUnwatched(verifyToken: ReturnType<typeof createVerifier>['verifyToken']) {
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(verifyToken).not.toHaveBeenCalled();
}

test('N22: a connection that closed while its token was verified is not watched', async () => {
  const { open, verifier, verifyToken } = createVerifier();
  const connections = new ConnectionAuthenticator(new Authenticator(verifier), verifier);
  const client = createClient();
  const pending = connections.authenticate(client, handshake);
  client.emit('close');
  open();
  await pending;
  await expectUnwatched(verifyToken);
});

test.each([
  ['a WebSocket', { readyState: 3 }],
  ['a connection of Node', { destroyed: true }],
  ['a client of socket.io', { disconnected: true, handshake, disconnect() {} }],
])('N22: %s that closed before it was authenticated is not watched', async (_, state) => {
  const { open, verifier, verifyToken } = createVerifier();
  const connections = new ConnectionAuthenticator(new Authenticator(verifier), verifier);
  open();
  await connections.authenticate(createClient(state), handshake);
  await expectUnwatched(verifyToken);
});

test('N22: a connection that stays is watched', async () => {
  const { open, verifier, verifyToken } = createVerifier();
  const connections = new ConnectionAuthenticator(new Authenticator(verifier), verifier);
  const client = createClient({ readyState: 1 });
  open();
  await connections.authenticate(client, handshake);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(verifyToken).toHaveBeenCalledOnce();
  client.emit('close');
  expect(vi.getTimerCount()).toBe(0);
});

test('N22: a connection gets one listener, however often its token is rejected', async () => {
  const verifyOptional = vi.fn(() => Promise.reject(new Error('rejected')));
  const verifier = { verifyOptional } as unknown as AccessTokenVerifier;
  const authenticator = new Authenticator(verifier);
  const client = createClient();
  const transport = {
    kind: 'ws' as const,
    carrier: client,
    invocation: client,
    request: () => handshake,
    close: () => {},
    onClosed: (listener: () => void) => client.once('close', listener),
  };
  for (let i = 0; i < 5; i++)
    await expect(authenticator.authenticate(transport as never, false)).rejects.toThrow('rejected');
  expect(verifyOptional).toHaveBeenCalledTimes(5);
  expect(client.listenerCount('close')).toBe(1);
});

test('N22: a real WebSocket that closed while its token was verified is not watched', async () => {
  const { open, verifier, verifyToken } = createVerifier();
  const connections = new ConnectionAuthenticator(new Authenticator(verifier), verifier);
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  try {
    await once(server as never, 'listening');
    const { port } = server.address() as { port: number };
    const connected = once(server as never, 'connection') as Promise<[WebSocket]>;
    const browser = new globalThis.WebSocket(`ws://127.0.0.1:${port}`);
    const [client] = await connected;
    const pending = connections.authenticate(client, handshake);
    const closed = once(client as never, 'close');
    browser.close();
    await closed;
    vi.clearAllTimers();
    open();
    await pending;
    await expectUnwatched(verifyToken);
  } finally {
    server.close();
  }
});

test('N22: an event stream whose client has left is not watched', () => {
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
