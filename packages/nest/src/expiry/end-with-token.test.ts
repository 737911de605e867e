import {
  type AccessTokenVerifier,
  AuthenticatedRequest,
  TransportError,
} from '@countersign/core/resource-server';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { testPrincipal } from '../testing/index.ts';
import { endWithToken, startTimer } from './end-with-token.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const day = 86_400_000;

test('A10: a timer supports delays beyond the limit of the platform', () => {
  const expired = vi.fn();
  startTimer(60 * day, expired);
  vi.advanceTimersByTime(60 * day - 1);
  expect(expired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(expired).toHaveBeenCalledOnce();
  const stop = startTimer(60 * day, expired);
  vi.advanceTimersByTime(30 * day);
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

test.each([0, -1, Number.NaN])(
  'a timer with the remaining time %s of an expired token fires immediately',
  (remaining) => {
    const expired = vi.fn();
    startTimer(remaining, expired);
    vi.advanceTimersByTime(1);
    expect(expired).toHaveBeenCalledOnce();
  },
);

/** Creates a connection with a token. `expiresAt` is `undefined` for a token without an expiry. */
function connect(expiresAt: number | undefined) {
  const accessToken = { ...testPrincipal(), expiresAt } as ReturnType<typeof testPrincipal>;
  const authenticated = new AuthenticatedRequest({ scheme: 'Bearer', token: 'token' }, accessToken);
  const verifyToken = vi.fn<AccessTokenVerifier['verifyToken']>(async () => accessToken);
  const end = vi.fn();
  let disconnect = () => {};
  const onEnded = (listener: () => void) => {
    disconnect = listener;
  };
  const stream = { end, onEnded };
  const verifier = { verifyToken } as unknown as AccessTokenVerifier;
  endWithToken(stream, authenticated, { verifier, now: Date.now });
  return { accessToken, verifyToken, end, disconnect: () => disconnect() };
}

test('A10: a connection ends with its token even if the lifetime exceeds 24.8 days', () => {
  const { end } = connect(Date.now() / 1000 + 30 * 86_400);
  vi.advanceTimersByTime(30 * day - 1000);
  expect(end).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  expect(end).toHaveBeenCalledExactlyOnceWith(4401, 'The access token has expired');
});

test('N3: a token without an expiry is verified again, and its connection stays open while it is valid', async () => {
  const { end, verifyToken, disconnect } = connect(undefined);
  await vi.advanceTimersByTimeAsync(day);
  expect(verifyToken).toHaveBeenCalledTimes(2880);
  expect(verifyToken).toHaveBeenCalledWith('token');
  expect(end).not.toHaveBeenCalled();
  disconnect();
  expect(vi.getTimerCount()).toBe(0);
});

test.each([
  ['revoked', () => Promise.reject(new Error('not active')), 4401],
  ['a token of another user', async () => testPrincipal({ sub: 'bob' }), 4401],
  ['a token of another issuer', async () => testPrincipal({ issuer: 'https://other.test' }), 4401],
  ['not verifiable', () => Promise.reject(new TransportError('timeout', 'too slow')), 1013],
  [
    'verified by a verifier that throws synchronously',
    () => {
      throw new Error('a bug');
    },
    4401,
  ],
] as const)('N3: a connection ends when its token is %s', async (_, verify, code) => {
  const { end, verifyToken } = connect(undefined);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(end).not.toHaveBeenCalled();
  verifyToken.mockImplementation(verify as never);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(end).toHaveBeenCalledExactlyOnceWith(code, expect.any(String));
  expect(vi.getTimerCount()).toBe(0);
});

test('N3: a connection that closes during the verification is not closed again', async () => {
  const { end, verifyToken, disconnect } = connect(undefined);
  let rejectToken = (_: Error) => {};
  verifyToken.mockImplementation(
    () =>
      new Promise((_, reject) => {
        rejectToken = reject;
      }),
  );
  await vi.advanceTimersByTimeAsync(30_000);
  disconnect();
  rejectToken(new Error('not active'));
  await vi.advanceTimersByTimeAsync(day);
  expect(end).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});

test('N1: a stream that throws when it is ended does not end the process', () => {
  Logger.overrideLogger(false);
  const { end } = connect(Date.now() / 1000 + 1);
  end.mockImplementation(() => {
    throw new Error('closed already');
  });
  expect(() => vi.advanceTimersByTime(1000)).not.toThrow();
  expect(end).toHaveBeenCalledOnce();
});
