import { ConfigurationError } from '../../../errors.ts';

/**
 * Returns a host in lower case.
 *
 * @throws ConfigurationError `invalid_option` if it is not a host without a port
 */
export function requireHost(option: string, host: unknown): string {
  if (typeof host === 'string' && /^[a-z\d-]+(\.[a-z\d-]+)+$/i.test(host)) return host.toLowerCase();
  throw new ConfigurationError(
    'invalid_option',
    `"${option}" is "${String(host)}", expected a host, for example "contoso.b2clogin.com" or "contoso.ciamlogin.com".`,
  );
}
