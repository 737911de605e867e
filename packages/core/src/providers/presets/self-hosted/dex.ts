import type { ProviderPreset } from '../../provider.ts';
import { type IssuerOptions, requireIssuer } from '../../require-issuer.ts';

/**
 * Creates the preset of Dex. It reports an expired, spent or unknown refresh token with the error `invalid_request`, and
 * names the refresh token in the description.
 *
 * Access tokens and ID tokens of Dex have one shape, so an API cannot tell them apart: there is no profile for its access
 * tokens.
 *
 * @throws ConfigurationError `missing_option` or `invalid_option` if `issuer` is not a URL
 * @see https://dexidp.io/docs/configuration/tokens/
 * @example
 * ```ts
 * import { clientSecretBasic, createClient } from '@countersign/core';
 * import { dex } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: dex({ issuer: 'https://dex.example.com' }),
 *   clientId: 'web',
 *   clientAuthentication: clientSecretBasic(process.env.CLIENT_SECRET ?? ''),
 * });
 * ```
 */
export function dex({ issuer }: IssuerOptions): ProviderPreset {
  return {
    name: 'dex',
    issuer: requireIssuer('dex', issuer),
    relaxes: [],
    refreshTokens: { scope: 'offline_access' },
    isLoginEnded: ({ error, errorDescription = '' }) =>
      error === 'invalid_request' && /refresh token/i.test(errorDescription),
  };
}
