import { ConfigurationError } from '../../errors.ts';
import type { IssuerRule } from '../../protocol/tokens/token-issuer.ts';
import type { IntrospectionOptions } from './introspection.ts';

/**
 * Checks the options at startup, not at the first request. RFC 7662 section 2.1.
 *
 * @throws ConfigurationError that names the invalid member
 */
export function checkIntrospection(options: IntrospectionOptions, { issuer, tenants }: IssuerRule): void {
  const {
    clientId,
    clientAuthentication,
    tokens = 'opaque',
  } = Object(options) as Partial<IntrospectionOptions>;
  if (typeof clientId !== 'string' || clientId === '') {
    throw new ConfigurationError(
      'missing_option',
      `introspection.clientId is missing for issuer "${issuer}". Set it to the client identifier of this API at the issuer.`,
    );
  }
  if (typeof clientAuthentication?.apply !== 'function') {
    throw new ConfigurationError(
      'missing_option',
      `introspection.clientAuthentication is missing for issuer "${issuer}", or was not created by a function of @countersign/core. ` +
        "Write clientAuthentication: clientSecretBasic('...').",
    );
  }
  // A response need not name the issuer, and then nothing identifies the tenant.
  if (tenants) {
    throw new ConfigurationError(
      'invalid_option',
      `introspection is set for "${issuer}", whose tokens belong to tenants. Remove introspection.`,
    );
  }
  if (!['opaque', 'jwt', 'all'].includes(tokens)) {
    throw new ConfigurationError(
      'invalid_option',
      `"introspection.tokens" is ${JSON.stringify(tokens)}, expected "opaque", "jwt" or "all".`,
    );
  }
}
