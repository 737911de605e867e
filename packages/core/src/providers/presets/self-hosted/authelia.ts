import type { ProviderPreset } from '../../provider.ts';
import { type IssuerOptions, requireIssuer } from '../../require-issuer.ts';

/**
 * Creates the preset of Authelia. It has no logout endpoint: after a logout of the application, the user stays
 * signed in at Authelia.
 *
 * @throws ConfigurationError `missing_option` or `invalid_option` if `issuer` is not a URL
 * @see https://www.authelia.com/configuration/identity-providers/openid-connect/provider/
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { authelia } from '@countersign/core/providers';
 *
 * const client = createClient({ provider: authelia({ issuer: 'https://auth.example.com' }), clientId: 'web' });
 * ```
 */
export function authelia({ issuer }: IssuerOptions): ProviderPreset {
  return {
    name: 'authelia',
    issuer: requireIssuer('authelia', issuer),
    relaxes: [],
    refreshTokens: { scope: 'offline_access' },
    accessTokens: { profile: 'authelia' },
  };
}
