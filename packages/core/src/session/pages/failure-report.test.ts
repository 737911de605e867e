import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  AuthorizationServerError,
  ConfigurationError,
  TransportError,
  ValidationError,
} from '../../errors.ts';
import { reportFailure, reportReturnTo } from './failure-report.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  // All tests of the process share the limit of the lines.
  Reflect.deleteProperty(globalThis, Symbol.for('countersign.console'));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test.each([
  ['an error in the configuration', new ConfigurationError('missing_option', 'Set "secret".'), 1],
  ['an error of other code', new TypeError('text'), 1],
  ['an unavailable provider', new TransportError('network_error', 'Unavailable.'), 0],
])('S64: writes %s to the console as often as expected with a listener', (_, error, lines) => {
  const write = vi.spyOn(console, 'error').mockImplementation(() => {});
  const types: string[] = [];
  reportFailure(error, { route: 'login', status: 500, onEvent: ({ type }) => types.push(type) });
  expect(types).toEqual(['request.failed']);
  expect(write).toHaveBeenCalledTimes(lines);
});

test('S64: writes no control characters of a message to the console', () => {
  const write = vi.spyOn(console, 'error').mockImplementation(() => {});
  const error = new ConfigurationError('invalid_option', 'first\r\nsecond\u001b[31m');
  reportFailure(error, { route: 'login', status: 500 });
  expect(String(write.mock.calls[0]?.[0])).toMatch(/first second \[31m$/);
});

/** Writes a failure with an error of other code, and returns what the console shows. */
function writeForeignError(change: (error: Error) => void): string {
  const write = vi.spyOn(console, 'error').mockImplementation(() => {});
  const error = new Error('tenant x\n    at 2026-12-01 INFO admin\n    at cookie=secret\u001b[31m');
  change(error);
  reportFailure(error, { route: 'proxy', status: 500 });
  return String(write.mock.calls[0]?.[0]);
}

test('S64: writes the stack frames of an error to the console, and no line of its message', () => {
  const text = writeForeignError(() => {});
  expect(text).not.toMatch(/admin|secret/);
  expect(text).toMatch(/^\s+at .*failure-report/m);
});

test('S64: writes neither message nor stack of an error whose message has changed', () => {
  const text = writeForeignError((error) => {
    error.message = 'changed';
  });
  expect(text).not.toMatch(/admin|secret|changed/);
});

test.each(['constructor', 'toString', '__proto__'])(
  'S64: writes no text of JavaScript for the error code %s of a provider',
  (code) => {
    const write = vi.spyOn(console, 'error').mockImplementation(() => {});
    const details = { error: code, errorDescription: 'described', status: 400 };
    const error = new AuthorizationServerError('token_error', 'The provider returned an error', details);
    reportFailure(error, { route: 'callback', status: 502 });
    expect(String(write.mock.calls[0]?.[0])).toMatch(/Its description: "described"\.$/);
  },
);

test('R8: failed requests of one kind do not fill the console, and the omitted lines are counted', () => {
  const write = vi.spyOn(console, 'error').mockImplementation(() => {});
  // The code of the provider comes from the URL of the request.
  const fail = (error: string) =>
    reportFailure(new AuthorizationServerError('authorization_error', 'Failed.', { error, status: 400 }), {
      route: 'flooded',
      status: 400,
    });
  for (let count = 0; count < 500; count++) fail(`invented-${count}`);
  expect(write).toHaveBeenCalledTimes(10);
  // Failures of another check, status or route still have their lines.
  const mismatch = new ValidationError('authorization_response_invalid', 'state', 'Failed.');
  reportFailure(mismatch, { route: 'flooded', status: 400 });
  reportFailure(new TypeError('text'), { route: 'flooded', status: 500 });
  expect(write).toHaveBeenCalledTimes(12);
  vi.setSystemTime(Date.now() + 10_000);
  fail('invented');
  expect(write).toHaveBeenCalledTimes(13);
  expect(String(write.mock.lastCall?.[0])).toMatch(/ \(490 similar lines were omitted\)$/);
});

test('R8: a "returnTo" that is not followed does not fill the console', () => {
  const write = vi.spyOn(console, 'warn').mockImplementation(() => {});
  for (let length = 0; length < 500; length++) reportReturnTo(undefined, { reason: 'not_allowed', length });
  expect(write).toHaveBeenCalledTimes(10);
  reportReturnTo(undefined, { reason: 'too_long', length: 1 });
  expect(write).toHaveBeenCalledTimes(11);
});
