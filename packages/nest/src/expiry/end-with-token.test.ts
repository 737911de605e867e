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

test('A10: a timer waits longer than the timers of the platform can', () => {
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

test.each([0, -1, Number.NaN])('what is left of a token that has expired: %s', (left) => {
  const expired = vi.fn();
  startTimer(left, expired);
  vi.advanceTimersByTime(1);
  expect(expired).toHaveBeenCalledOnce();
});

/** A connection with a token; `expiresAt` is `undefined` for a token that has no end of its own. */
function connect(expiresAt: number | undefined) {
  const accessToken = { ...testPrincipal(), expiresAt } as ReturnType<typeof testPrincipal>;
  const authenticated = new AuthenticatedRequest({ scheme: 'Bearer', token: 'token' }, accessToken);
  const verifyToken = vi.fn<AccessTokenVerifier['verifyToken']>(async () => accessToken);
  const end = vi.fn();
  let leave = () => {};
  const onEnded = (listener: () => void) => {
    leave = listener;
  };
  const answer = { end, onEnded };
  const verifier = { verifyToken } as unknown as AccessTokenVerifier;
  endWithToken(answer, authenticated, { verifier, now: Date.now });
  return { accessToken, verifyToken, end, leave: () => leave() };
}

test('A10: a connection ends with a token that lives longer than 24.8 days', () => {
  const { end } = connect(Date.now() / 1000 + 30 * 86_400);
  vi.advanceTimersByTime(30 * day - 1000);
  expect(end).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  expect(end).toHaveBeenCalledExactlyOnceWith(4401, 'The access token has expired');
});

test('N3: a token without an end of its own is verified again, and its connection stays while it is valid', async () => {
  const { end, verifyToken, leave } = connect(undefined);
  await vi.advanceTimersByTimeAsync(day);
  expect(verifyToken).toHaveBeenCalledTimes(2880);
  expect(verifyToken).toHaveBeenCalledWith('token');
  expect(end).not.toHaveBeenCalled();
  leave();
  expect(vi.getTimerCount()).toBe(0);
});

test.each([
  ['revoked', () => Promise.reject(new Error('not active')), 4401],
  ['of another user', async () => testPrincipal({ sub: 'bob' }), 4401],
  ['of another issuer', async () => testPrincipal({ issuer: 'https://other.test' }), 4401],
  ['not verifiable', () => Promise.reject(new TransportError('timeout', 'too slow')), 1013],
  [
    'verified by a verifier that throws at once',
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

test('N3: a connection that has ended meanwhile is left alone', async () => {
  const { end, verifyToken, leave } = connect(undefined);
  let answer = (_: Error) => {};
  verifyToken.mockImplementation(
    () =>
      new Promise((_, reject) => {
        answer = reject;
      }),
  );
  await vi.advanceTimersByTimeAsync(30_000);
  leave();
  answer(new Error('not active'));
  await vi.advanceTimersByTimeAsync(day);
  expect(end).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});

test('N1: an answer that cannot be ended does not end the process', () => {
  Logger.overrideLogger(false);
  const { end } = connect(Date.now() / 1000 + 1);
  end.mockImplementation(() => {
    throw new Error('closed already');
  });
  expect(() => vi.advanceTimersByTime(1000)).not.toThrow();
  expect(end).toHaveBeenCalledOnce();
});
