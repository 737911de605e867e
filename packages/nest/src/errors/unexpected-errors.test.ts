import { AuthError, ConfigurationError, TransportError } from '@countersign/core/resource-server';
import { Logger } from '@nestjs/common';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Transport } from '../transport/transport.ts';
import { logUnforeseen, nameOfHandler, refusalOf } from './unexpected-errors.ts';

const error = vi.fn();
beforeEach(() => {
  error.mockReset();
  Logger.overrideLogger({ error, warn: error, log: error });
});

/** What was logged: the line, and the stack below it. */
function logged(thrown: unknown, transport?: Transport) {
  logUnforeseen(thrown, { name: 'Items.list', transport });
  expect(error).toHaveBeenCalledOnce();
  const [line, stack = ''] = error.mock.calls[0] as [string, string?];
  return { line, stack };
}

const withHeaders = (headers: Record<string, string>) =>
  ({ kind: 'http', carrier: {}, invocation: {}, request: () => ({ headers }) }) as unknown as Transport;

test('N1: a line names the handler and the exception, and where it was thrown', () => {
  const { line, stack } = logged(new TypeError('Cannot read properties of undefined'));
  expect(line).toBe(
    'Items.list: refused, as the check of the access token threw TypeError: Cannot read properties of undefined',
  );
  expect(stack).toMatch(/^ +at .*unforeseen\.test\.ts/);
});

const jwt = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from('{"sub":"alice","exp":1}').toString('base64url')}.c2lnbmF0dXJl4`;

test.each([
  ['the credential', new Error('bad token opaque-1 in opaque-1'), 'opaque-1'],
  ['the proof', new Error('bad proof p-r-o-o-f'), 'p-r-o-o-f'],
  ['a cookie', new Error('cookie session=abcdef'), 'abcdef'],
  ['a token of somewhere else', new Error(`cannot read ${jwt}`), jwt.split('.')[1] ?? ''],
  ['what could not be parsed', new SyntaxError('Unexpected token, "short-1" is not valid JSON'), 'short-1'],
  ['a text that was thrown', 'opaque-1 other-secret', 'other-secret'],
  [
    'a message that looks like a stack',
    new Error('x\n    at opaque-9 (other.ts)\n    at opaque-1'),
    'opaque-1',
  ],
])('N1, A7: the log does not have %s', (_, thrown, secret) => {
  const transport = withHeaders({
    authorization: 'Bearer opaque-1',
    dpop: 'p-r-o-o-f',
    cookie: 'session=abcdef',
  });
  const { line, stack } = logged(thrown, transport);
  expect(line + stack).not.toContain(secret);
  expect(line).not.toMatch(/[\r\n]/);
});

const hostile = (name: string) =>
  Object.defineProperty(new Error('x'), name, {
    get() {
      throw new Error('again');
    },
  });

test.each([
  ['a value that is no error', undefined],
  ['an error without a message', new Error('')],
  ['an error whose name throws', hostile('name')],
  ['an error whose message throws', hostile('message')],
  ['an error whose stack throws', hostile('stack')],
  ['a long one', new Error('long '.repeat(100_000))],
  [
    'a proxy',
    new Proxy(new Error('x'), {
      get() {
        throw new Error('again');
      },
    }),
  ],
  [
    'a proxy that has no prototype',
    new Proxy(
      {},
      {
        getPrototypeOf() {
          throw new Error('again');
        },
      },
    ),
  ],
])('N1: one line for %s', (_, thrown) => {
  const { line } = logged(thrown);
  expect(line.length).toBeLessThan(500);
  expect(refusalOf(thrown, { name: 'x' })).toMatchObject({ status: 401, code: 'invalid_token' });
});

test('N1: a logger or a request that throws changes no decision', () => {
  error.mockImplementation(() => {
    throw new Error('disk full');
  });
  const request = () => {
    throw new Error('no headers');
  };
  const transport = { request } as unknown as Transport;
  expect(refusalOf(new Error('x'), { name: 'x', transport })).toMatchObject({ status: 401 });
});

test('N1: a typed error that is no refusal says that verification is impossible at the moment', () => {
  const outage = new TransportError('timeout', 'too slow');
  expect(refusalOf(outage, { name: 'x' })).toBe(outage);
  expect(error).not.toHaveBeenCalled();
  const refusal = refusalOf(new ConfigurationError('invalid_option', 'no such policy'), { name: 'x' });
  expect(refusal).toBeInstanceOf(TransportError);
  expect(refusal).toBeInstanceOf(AuthError);
  expect(error).toHaveBeenCalledOnce();
});

test('handlers without a name', () => {
  expect(nameOfHandler(class {}, () => {})).toBe('?.?');
  expect(nameOfHandler(undefined, null)).toBe('?.?');
});
