import { ConfigurationError } from '../../errors.ts';

/**
 * Checks a token that the application passes to a function. Otherwise the text `[object Object]` would be sent, and the
 * provider would seem to be the cause.
 *
 * @throws ConfigurationError `invalid_option`
 */
export function checkTokenArgument(argument: string, token: unknown): void {
  if (typeof token === 'string' && token !== '') return;
  const { accessToken } = (token ?? {}) as { accessToken?: unknown };
  const type = token === '' ? 'an empty string' : token === null ? 'null' : typeof token;
  const advice =
    typeof accessToken === 'string'
      ? ' getAccessToken() returns an object: pass its member "accessToken".'
      : '';
  throw new ConfigurationError(
    'invalid_option',
    `${argument} is ${type}, expected a token as a string.${advice}`,
  );
}
