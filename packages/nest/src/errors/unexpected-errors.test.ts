import {
  AuthError,
  ConfigurationError,
  createAccessTokenVerifier,
  profiles,
  TransportError,
} from '@countersign/core/resource-server';
import { createTestAuthorizationServer } from '@countersign/testing';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Transport } from '../transport/transport.ts';
import { resetLogLimit } from './limited-log.ts';
import { formatLogName, logUnexpectedError, toRejection } from './unexpected-errors.ts';

const error = vi.fn();
beforeEach(() => {
  error.mockReset();
  resetLogLimit();
  Logger.overrideLogger({ error, warn: error, log: error });
});

afterEach(() => void vi.useRealTimers());

/** Logs an exception and returns the line and the stack below it. */
function log(exception: unknown, transport?: Transport) {
  logUnexpectedError(exception, { name: 'Items.list', transport });
  expect(error).toHaveBeenCalledOnce();
  const [line, stack = ''] = error.mock.calls[0] as [string, string?];
  return { line, stack };
}

const createTransport = (headers: Record<string, string>) =>
  ({ kind: 'http', requestKey: {}, invocationKey: {}, request: () => ({ headers }) }) as unknown as Transport;

test('N1: logs the handler, the exception and its origin', () => {
  const { line, stack } = log(new TypeError('Cannot read properties of undefined'));
  expect(line).toBe(
    'Items.list: rejected, because the check of the access token threw TypeError: Cannot read properties of undefined',
  );
  expect(stack).toMatch(/^ +at .*unexpected-errors\.test\.ts/);
});

const jwt = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from('{"sub":"alice","exp":1}').toString('base64url')}.c2lnbmF0dXJl4`;

test.each([
  ['the credential', new Error('bad token opaque-1 in opaque-1'), 'opaque-1'],
  ['the proof', new Error('bad proof p-r-o-o-f'), 'p-r-o-o-f'],
  ['a cookie', new Error('cookie session=abcdef'), 'abcdef'],
  ['a token of another source', new Error(`cannot read ${jwt}`), jwt.split('.')[1] ?? ''],
  [
    'the text that could not be parsed',
    new SyntaxError('Unexpected token, "short-1" is not valid JSON'),
    'short-1',
  ],
  ['a string that was thrown', 'opaque-1 other-secret', 'other-secret'],
  [
    'a message that looks like a stack',
    new Error('x\n    at opaque-9 (other.ts)\n    at opaque-1'),
    'opaque-1',
  ],
])('N1, A7: the log does not contain %s', (_, exception, secret) => {
  const transport = createTransport({
    authorization: 'Bearer opaque-1',
    dpop: 'p-r-o-o-f',
    cookie: 'session=abcdef',
  });
  const { line, stack } = log(exception, transport);
  expect(line + stack).not.toContain(secret);
  expect(line).not.toMatch(/[\r\n]/);
});

const createHostileError = (name: string) =>
  Object.defineProperty(new Error('x'), name, {
    get() {
      throw new Error('again');
    },
  });

test.each([
  ['a value that is not an error', undefined],
  ['an error without a message', new Error('')],
  ['an error whose name throws', createHostileError('name')],
  ['an error whose message throws', createHostileError('message')],
  ['an error whose stack throws', createHostileError('stack')],
  ['an error with a long message', new Error('long '.repeat(100_000))],
  [
    'a proxy',
    new Proxy(new Error('x'), {
      get() {
        throw new Error('again');
      },
    }),
  ],
  [
    'a proxy whose prototype throws',
    new Proxy(
      {},
      {
        getPrototypeOf() {
          throw new Error('again');
        },
      },
    ),
  ],
])('N1: %s is logged in one line and rejects with invalid_token', (_, exception) => {
  const { line } = log(exception);
  expect(line.length).toBeLessThan(500);
  expect(toRejection(exception, { name: 'x' })).toMatchObject({ status: 401, code: 'invalid_token' });
});

test('N1: a logger or a request that throws does not change the decision', () => {
  error.mockImplementation(() => {
    throw new Error('disk full');
  });
  const request = () => {
    throw new Error('no headers');
  };
  const transport = { request } as unknown as Transport;
  expect(toRejection(new Error('x'), { name: 'x', transport })).toMatchObject({ status: 401 });
});

test('N1: a typed error that is not a rejection reports that tokens cannot be verified at the moment', () => {
  const outage = new TransportError('timeout', 'too slow');
  expect(toRejection(outage, { name: 'x' })).toBe(outage);
  expect(error).not.toHaveBeenCalled();
  const rejection = toRejection(new ConfigurationError('invalid_option', 'no such policy'), { name: 'x' });
  expect(rejection).toBeInstanceOf(TransportError);
  expect(rejection).toBeInstanceOf(AuthError);
  expect(error).toHaveBeenCalledOnce();
});

test('logs a handler without a name with question marks', () => {
  expect(formatLogName(class {}, () => {})).toBe('?.?');
  expect(formatLogName(undefined, null)).toBe('?.?');
});

test('N1: logs a handler whose name cannot be read with a question mark', () => {
  const unreadable = new Proxy(class {}, {
    get() {
      throw new Error('again');
    },
  });
  expect(formatLogName(unreadable, () => {})).toBe('?');
});

test('N1: logs the exception if the request cannot be read', () => {
  const request = () => {
    throw new Error('no headers');
  };
  const { line } = log(new TypeError('not a function'), { request } as unknown as Transport);
  expect(line).toMatch(/TypeError: not a function$/);
});

test('N1: logs the exception that led the verifier to reject a token', async () => {
  const audience = 'https://api.example.test';
  const { issuer, fetch, clock, mintAccessToken } = await createTestAuthorizationServer({
    resources: [audience],
  });
  const roles = () => {
    throw new RangeError('broken rule');
  };
  const profile = { ...profiles.rfc9068, roles };
  const verifier = createAccessTokenVerifier({ issuer, audience, fetch, now: clock.now, profile });
  const rejection: unknown = await verifier.verifyToken(await mintAccessToken()).catch((reason) => reason);
  expect(toRejection(rejection, { name: 'Items.list' })).toBe(rejection);
  expect(error).toHaveBeenCalledOnce();
  expect(error.mock.calls[0]?.[0]).toMatch(/^Items\.list: .* threw RangeError: broken rule$/);
});

test('R8: exceptions of one kind do not fill the log, and the omitted lines are counted', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const fail = (exception: unknown, name = 'Items.list') => logUnexpectedError(exception, { name });
  for (let count = 0; count < 500; count++) fail(new TypeError(`text of a request ${count}`));
  expect(error).toHaveBeenCalledTimes(10);
  // Another exception, and another handler, still have their lines.
  fail(new RangeError('text'));
  fail(new TypeError('text'), 'Items.change');
  expect(error).toHaveBeenCalledTimes(12);
  vi.setSystemTime(Date.now() + 10_000);
  fail(new TypeError('text'));
  expect(error.mock.lastCall?.[0]).toMatch(/threw TypeError: text \(490 similar lines were omitted\)$/);
  expect(error).toHaveBeenCalledTimes(13);
});
