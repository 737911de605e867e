import { type AccessTokenVerifier, AuthenticatedRequest } from '@countersign/core/resource-server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { testPrincipal } from '../testing/index.ts';
import type { Transport } from '../transport/transport.ts';
import { Authenticator } from './authenticator.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Creates a connection with a token that expires in one hour. */
function connect(now?: () => number) {
  const accessToken = testPrincipal({ expiresAt: (now ?? Date.now)() / 1000 + 3600 });
  const verifier = {
    verifyOptional: async () => ({ accessToken, token: 'token' }) as AuthenticatedRequest,
  } as unknown as AccessTokenVerifier;
  const close = vi.fn();
  let closeClient = () => {};
  const transport: Transport = {
    kind: 'ws',
    requestKey: {},
    invocationKey: {},
    request: () => ({ headers: {} }),
    close,
    onClosed: (listener) => (closeClient = listener),
  };
  return {
    authenticator: new Authenticator(verifier, now),
    transport,
    close,
    closeClient: () => closeClient(),
  };
}

test.each([
  ['the clock of the machine', undefined],
  ['the clock of the verifier', () => Date.now() - 86_400_000],
])('A10: a connection is closed when its token expires by %s', async (_, now) => {
  const { authenticator, transport, close } = connect(now);
  await authenticator.authenticate(transport);
  vi.advanceTimersByTime(3_599_000);
  expect(close).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  expect(close).toHaveBeenCalledExactlyOnceWith(4401, 'The access token has expired');
});

test('the timer of a connection stops when the connection closes', async () => {
  const { authenticator, transport, closeClient } = connect();
  await authenticator.authenticate(transport);
  expect(vi.getTimerCount()).toBe(1);
  closeClient();
  expect(vi.getTimerCount()).toBe(0);
});

test('A10: each message of a microservice is verified, even if two share a context', async () => {
  const { authenticator, transport } = connect();
  const verified: unknown[] = [];
  const message = (authorization: string): Transport => ({
    kind: 'rpc',
    requestKey: transport.requestKey,
    invocationKey: transport.requestKey,
    request: () => {
      verified.push(authorization);
      return { headers: { authorization } };
    },
  });
  await authenticator.authenticate(message('Bearer one'));
  await authenticator.authenticate(message('Bearer two'));
  expect(verified).toEqual(['Bearer one', 'Bearer two']);
});

/** Connects and verifies the first message. The returned function verifies the next message. */
async function connectAndVerify(verifyToken: AccessTokenVerifier['verifyToken']) {
  const accessToken = testPrincipal({ scopes: ['items:read', 'items:write'] });
  const authenticated = new AuthenticatedRequest({ scheme: 'Bearer', token: 'token' }, accessToken);
  const verifier = {
    verifyOptional: async () => authenticated,
    verifyToken,
  } as unknown as AccessTokenVerifier;
  const authenticator = new Authenticator(verifier);
  const transport: Transport = {
    kind: 'ws',
    requestKey: {},
    invocationKey: {},
    request: () => ({ headers: {} }),
    close: vi.fn(),
  };
  expect(await authenticator.authenticate(transport)).toBe(authenticated);
  return () => authenticator.authenticate(transport);
}

test('N2: the latest response of the issuer applies to the messages of a connection', async () => {
  const verifyNext = await connectAndVerify(async () => testPrincipal({ scopes: ['items:read'] }));
  const second = await verifyNext();
  expect(second?.accessToken.scopes).toEqual(['items:read']);
  expect(second?.token).toBe('token');
});

test.each([{ sub: 'bob' }, { issuer: 'https://other.test' }])(
  'N2: a connection never changes its user: %j',
  async (other) => {
    const verifyNext = await connectAndVerify(async () => testPrincipal(other));
    await expect(verifyNext()).rejects.toMatchObject({ code: 'invalid_token', status: 401 });
  },
);

test('N2: an authenticator does not use or delete the results of another one', async () => {
  const requestKey = {};
  const transport: Transport = {
    kind: 'ws',
    requestKey,
    invocationKey: requestKey,
    request: () => ({ headers: {} }),
    close: vi.fn(),
  };
  const accessToken = testPrincipal();
  const authenticated = new AuthenticatedRequest({ scheme: 'Bearer', token: 'token' }, accessToken);
  const verify = vi.fn(async () => authenticated);
  const createWorkingAuthenticator = () =>
    new Authenticator({
      verifyOptional: verify,
      verifyToken: async () => accessToken,
    } as unknown as AccessTokenVerifier);
  const [first, last] = [createWorkingAuthenticator(), createWorkingAuthenticator()];
  const failing = new Authenticator({
    verifyOptional: () => Promise.reject(new Error('keys unavailable')),
  } as unknown as AccessTokenVerifier);
  for (const each of [first, failing, last]) await each.authenticate(transport).catch(() => {});
  expect(verify).toHaveBeenCalledTimes(2);
  await expect(failing.authenticate(transport)).rejects.toThrow('keys unavailable');
  for (const each of [first, last]) expect(await each.authenticate(transport)).toBe(authenticated);
  expect(verify).toHaveBeenCalledTimes(2);
});

describe('N1: a custom verifier', () => {
  const createTransport = (): Transport => ({
    kind: 'http',
    requestKey: {},
    invocationKey: {},
    request: () => ({ headers: {} }),
  });

  test.each([
    ['null', null],
    ['true', true],
    ['an object without a token', { accessToken: testPrincipal() }],
    ['an object without a principal', { token: 'token' }],
    ['an object whose principal is null', { token: 'token', accessToken: null }],
  ])('cannot authenticate a request with %s', async (_, value) => {
    const authenticator = new Authenticator({
      verifyOptional: async () => value,
      verify: async () => value,
      findCachedRequest: () => value,
    } as unknown as AccessTokenVerifier);
    expect(authenticator.findCachedRequest(createTransport())).toBeUndefined();
    await expect(authenticator.authenticate(createTransport())).rejects.toBeInstanceOf(TypeError);
    await expect(authenticator.authenticateOptional(createTransport())).rejects.toBeInstanceOf(TypeError);
  });

  test('cannot accept a missing credential where a token is required', async () => {
    const authenticator = new Authenticator({
      verifyOptional: async () => undefined,
      verify: async () => ({ accessToken: testPrincipal(), token: 'token' }),
    } as unknown as AccessTokenVerifier);
    await expect(authenticator.authenticate(createTransport())).rejects.toMatchObject({
      code: 'token_missing',
      status: 401,
    });
  });
});
