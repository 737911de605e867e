import { EventEmitter } from 'node:events';
import { type AccessTokenVerifier, AuthenticatedRequest } from '@countersign/core/resource-server';
import { afterEach, expect, test, vi } from 'vitest';
import { ConnectionAuthenticator } from '../../src/index.ts';
import { testPrincipal } from '../../src/testing/index.ts';
import { closeDuringAuthentication } from '../support/gateways/closing-connection.ts';
import { startApp } from '../support/start/start-app.ts';

afterEach(() => void vi.useRealTimers());

const handshake = { headers: { authorization: 'Bearer opaque' } };

/** Starts an application whose verifier waits for `release()`. The tokens have no expiry and are verified again. */
async function start() {
  const accessToken = { ...testPrincipal(), expiresAt: undefined } as never;
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const verifyToken = vi.fn(async () => accessToken);
  const verifyOptional = vi.fn(async () => {
    await released;
    return new AuthenticatedRequest({ scheme: 'Bearer', token: 'opaque' }, accessToken);
  });
  const verifier = {
    verifyOptional,
    verifyToken,
    findCachedRequest: () => undefined,
  } as unknown as AccessTokenVerifier;
  const { app } = await startApp(
    {},
    { auth: { issuer: undefined, audience: undefined, fetch: undefined, now: undefined, verifier } as never },
  );
  const connections = app.get(ConnectionAuthenticator);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  return { connections, release, verifyToken };
}

test('N22: verifies the token of an open connection again, and not after the connection has closed', async () => {
  const { connections, release, verifyToken } = await start();
  const client = Object.assign(new EventEmitter(), { readyState: 1, close() {}, send() {} });
  release();
  await connections.authenticate(client, handshake);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(verifyToken).toHaveBeenCalledOnce();
  client.emit('close');
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(verifyToken).toHaveBeenCalledOnce();
});

test('N22: does not verify a token again if its connection closed during the verification', async () => {
  const { connections, release, verifyToken } = await start();
  await closeDuringAuthentication((client) => connections.authenticate(client, handshake), release);
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(verifyToken).not.toHaveBeenCalled();
});
