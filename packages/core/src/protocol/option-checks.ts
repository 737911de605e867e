import { ConfigurationError } from '../errors.ts';
import { isDevelopment } from '../internal/development.ts';

/**
 * Checks a numeric option.
 *
 * @param unit for the message, for example `seconds`
 * @throws ConfigurationError `invalid_option`
 */
export function checkRange(
  name: string,
  value: number,
  { min, max, unit }: { readonly min: number; readonly max: number; readonly unit: string },
): number {
  // Options of an application that no compiler checks can be texts.
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new ConfigurationError(
    'invalid_option',
    isDevelopment ? `"${name}" is ${value}, expected ${min} to ${max} ${unit}.` : name,
  );
}

/**
 * Checks that a login requests an ID token. Without one the user is unknown.
 *
 * @throws ConfigurationError `invalid_option`
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 */
export function checkOpenidScope(scope: string): void {
  if (scope.split(' ').includes('openid')) return;
  throw new ConfigurationError(
    'invalid_option',
    isDevelopment ? `"scope" is "${scope}", expected it to contain "openid".` : 'scope',
  );
}
