import { afterEach, expect, test, vi } from 'vitest';
import { AuthorizationServerError, ConfigurationError, TransportError } from '../../errors.ts';
import { reportFailure } from './failure-report.ts';

afterEach(() => {
  vi.restoreAllMocks();
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
