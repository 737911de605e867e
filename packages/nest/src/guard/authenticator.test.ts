import { type AccessTokenVerifier, AuthenticatedRequest } from '@countersign/core/resource-server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { testPrincipal } from '../testing/index.ts';
import type { Transport } from '../transport/transport.ts';
import { Authenticator } from './authenticator.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A connection with a token that lives an hour. */
function connect(now?: () => number) {
  const accessToken = testPrincipal({ expiresAt: (now ?? Date.now)() / 1000 + 3600 });
  const verifier = {
    verifyOptional: async () => ({ accessToken, token: 'token' }) as AuthenticatedRequest,
  } as unknown as AccessTokenVerifier;
  const close = vi.fn();
  let end = () => {};
  const transport: Transport = {
    kind: 'ws',
    carrier: {},
    invocation: {},
    request: () => ({ headers: {} }),
    close,
    onClosed: (listener) => (end = listener),
  };
  return { authenticator: new Authenticator(verifier, now), transport, close, end: () => end() };
}

test.each([
  ['of the machine', undefined],
  ['that it was given', () => Date.now() - 86_400_000],
])('A10: a connection is closed when its token expires by the clock %s', async (_, now) => {
  const { authenticator, transport, close } = connect(now);
  await authenticator.authenticate(transport, false);
  vi.advanceTimersByTime(3_599_000);
  expect(close).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  expect(close).toHaveBeenCalledExactlyOnceWith(4401, 'The access token has expired');
});

test('nothing waits for the token of a connection that has ended', async () => {
  const { authenticator, transport, end } = connect();
  await authenticator.authenticate(transport, false);
  expect(vi.getTimerCount()).toBe(1);
  end();
  expect(vi.getTimerCount()).toBe(0);
});

test('A10: each message of a microservice is verified for itself, though two share a context', async () => {
  const { authenticator, transport } = connect();
  const asked: unknown[] = [];
  const message = (authorization: string): Transport => ({
    kind: 'rpc',
    carrier: transport.carrier,
    invocation: transport.carrier,
    request: () => {
      asked.push(authorization);
      return { headers: { authorization } };
    },
  });
  await authenticator.authenticate(message('Bearer one'), false);
  await authenticator.authenticate(message('Bearer two'), false);
  expect(asked).toEqual(['Bearer one', 'Bearer two']);
});

/** A connection whose token is verified again for its second message. */
async function connectTwice(verifyToken: AccessTokenVerifier['verifyToken']) {
  const accessToken = testPrincipal({ scopes: ['items:read', 'items:write'] });
  const authenticated = new AuthenticatedRequest({ scheme: 'Bearer', token: 'token' }, accessToken);
  const verifier = {
    verifyOptional: async () => authenticated,
    verifyToken,
  } as unknown as AccessTokenVerifier;
  const authenticator = new Authenticator(verifier);
  const transport: Transport = {
    kind: 'ws',
    carrier: {},
    invocation: {},
    request: () => ({ headers: {} }),
    close: vi.fn(),
  };
  expect(await authenticator.authenticate(transport, false)).toBe(authenticated);
  return () => authenticator.authenticate(transport, false);
}

test('N2: the newest answer of the issuer counts for the messages of a connection', async () => {
  const again = await connectTwice(async () => testPrincipal({ scopes: ['items:read'] }));
  const second = await again();
  expect(second?.accessToken.scopes).toEqual(['items:read']);
  expect(second?.token).toBe('token');
});

test.each([{ sub: 'bob' }, { issuer: 'https://other.test' }])(
  'N2: a connection never changes its user: %j',
  async (other) => {
    const again = await connectTwice(async () => testPrincipal(other));
    await expect(again()).rejects.toMatchObject({ code: 'invalid_token', status: 401 });
  },
);

test('N2: what one authenticator has found is not known to another, and is forgotten alone', async () => {
  const carrier = {};
  const transport: Transport = {
    kind: 'ws',
    carrier,
    invocation: carrier,
    request: () => ({ headers: {} }),
    close: vi.fn(),
  };
  const accessToken = testPrincipal();
  const authenticated = new AuthenticatedRequest({ scheme: 'Bearer', token: 'token' }, accessToken);
  const verify = vi.fn(async () => authenticated);
  const good = () =>
    new Authenticator({
      verifyOptional: verify,
      verifyToken: async () => accessToken,
    } as unknown as AccessTokenVerifier);
  const [first, last] = [good(), good()];
  const failing = new Authenticator({
    verifyOptional: () => Promise.reject(new Error('keys unavailable')),
  } as unknown as AccessTokenVerifier);
  for (const each of [first, failing, last]) await each.authenticate(transport, false).catch(() => {});
  expect(verify).toHaveBeenCalledTimes(2);
  await expect(failing.authenticate(transport, false)).rejects.toThrow('keys unavailable');
  for (const each of [first, last]) expect(await each.authenticate(transport, false)).toBe(authenticated);
  expect(verify).toHaveBeenCalledTimes(2);
});
