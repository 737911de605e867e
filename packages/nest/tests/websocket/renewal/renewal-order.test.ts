import { EventEmitter } from 'node:events';
import { type AccessTokenVerifier, AuthenticatedRequest } from '@countersign/core/resource-server';
import { expect, test } from 'vitest';
import { Authenticator } from '../../../src/guard/authenticator.ts';
import { testPrincipal } from '../../../src/testing/index.ts';
import { createWebSocketTransport } from '../../../src/transport/websocket/websocket-transport.ts';

test('N23: the verification of a message does not restore the previous token', async () => {
  const principal = { ...testPrincipal(), expiresAt: undefined };
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const verified: string[] = [];
  const verifier = {
    verifyOptional: async () =>
      new AuthenticatedRequest({ scheme: 'Bearer', token: 'old' }, principal as never),
    verify: async () => new AuthenticatedRequest({ scheme: 'Bearer', token: 'new' }, principal as never),
    verifyToken: async (token: string) => {
      verified.push(token);
      if (token === 'old') await released;
      return { ...principal };
    },
  } as unknown as AccessTokenVerifier;
  const authenticator = new Authenticator(verifier);
  const client = Object.assign(new EventEmitter(), { readyState: 1, close() {}, handshake: { headers: {} } });
  const transport = createWebSocketTransport(client) as NonNullable<
    ReturnType<typeof createWebSocketTransport>
  >;
  await authenticator.authenticate(transport);
  const message = authenticator.authenticate(transport);
  await authenticator.renew(transport, { headers: {} });
  release();
  await message;
  await authenticator.authenticate(transport);
  expect(verified).toEqual(['old', 'new']);
  client.emit('disconnect');
});

test('N23: the last token that the client sent applies, in any order of verification', async () => {
  const principal = testPrincipal();
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const createRequest = (token: string) => new AuthenticatedRequest({ scheme: 'Bearer', token }, principal);
  const verifier = {
    verifyOptional: async () => createRequest('old'),
    verify: async ({ url }: { url: string }) => {
      if (url === 'slow') await released;
      return createRequest(url);
    },
    verifyToken: async (token: string) => createRequest(token).accessToken,
  } as unknown as AccessTokenVerifier;
  const authenticator = new Authenticator(verifier);
  const client = Object.assign(new EventEmitter(), { readyState: 1, close() {}, handshake: { headers: {} } });
  const transport = createWebSocketTransport(client) as NonNullable<
    ReturnType<typeof createWebSocketTransport>
  >;
  await authenticator.authenticate(transport);
  const renewals = ['slow', 'fast'].map((url) => authenticator.renew(transport, { url, headers: {} }));
  release();
  await Promise.all(renewals);
  expect((await authenticator.authenticate(transport)).token).toBe('fast');
  client.emit('disconnect');
});
