import type { ProviderPreset } from '../../provider.ts';
import { type IssuerOptions, requireIssuer } from '../../require-issuer.ts';

/**
 * Creates the preset of authentik. Assign the scope mapping `offline_access` to its provider: without it, no
 * refresh token is issued.
 *
 * @throws ConfigurationError `missing_option` or `invalid_option` if `issuer` is not a URL
 * @see https://docs.goauthentik.io/add-secure-apps/providers/oauth2/
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { authentik } from '@countersign/core/providers';
 *
 * const client = createClient({ provider: authentik({ issuer: 'https://auth.example.com/application/o/shop/' }), clientId: 'web' });
 * ```
 */
export function authentik({ issuer }: IssuerOptions): ProviderPreset {
  return {
    name: 'authentik',
    issuer: requireIssuer('authentik', issuer),
    relaxes: [],
    refreshTokens: { scope: 'offline_access' },
  };
}
