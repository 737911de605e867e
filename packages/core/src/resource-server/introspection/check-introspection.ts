import { ConfigurationError } from '../../errors.ts';
import type { IntrospectionOptions } from './introspection.ts';

/**
 * Checks how an issuer is to be asked about tokens. A mistake found at the first request would be an outage that no log
 * explains.
 *
 * @throws ConfigurationError that names the member
 * @see RFC 7662 section 2.1
 */
export function checkIntrospection(options: IntrospectionOptions, issuer: string): void {
  const {
    clientId,
    clientAuthentication,
    tokens = 'opaque',
  } = Object(options) as Partial<IntrospectionOptions>;
  if (typeof clientId !== 'string' || clientId === '') {
    throw new ConfigurationError(
      'missing_option',
      `introspection.clientId is missing for issuer "${issuer}". Write the identifier of this API's own client there.`,
    );
  }
  if (typeof clientAuthentication?.apply !== 'function') {
    throw new ConfigurationError(
      'missing_option',
      `introspection.clientAuthentication is missing for issuer "${issuer}", or is not made by a function of @countersign/core. ` +
        "Write clientAuthentication: clientSecretBasic('...').",
    );
  }
  if (!['opaque', 'jwt', 'all'].includes(tokens)) {
    throw new ConfigurationError(
      'invalid_option',
      `introspection.tokens must be 'opaque', 'jwt' or 'all', got ${JSON.stringify(tokens)}`,
    );
  }
}
