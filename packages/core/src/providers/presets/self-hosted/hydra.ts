import type { ProviderPreset } from '../../provider.ts';
import { type IssuerOptions, requireIssuer } from '../../require-issuer.ts';

/**
 * Creates the preset of Ory Hydra. It accepts logout tokens without `exp`, which Hydra sends.
 *
 * @throws ConfigurationError `missing_option` or `invalid_option` if `issuer` is not a URL
 * @see https://www.ory.com/docs/hydra/guides/oauth2-openid-connect
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { hydra } from '@countersign/core/providers';
 *
 * const client = createClient({ provider: hydra({ issuer: 'https://hydra.example.com/' }), clientId: 'web' });
 * ```
 */
export function hydra({ issuer }: IssuerOptions): ProviderPreset {
  return {
    name: 'hydra',
    issuer: requireIssuer('hydra', issuer),
    relaxes: ['Back-Channel Logout section 2.4: a logout token may have no `exp`, which Hydra never writes'],
    // https://www.ory.com/docs/hydra/guides/logout
    allowLogoutTokenWithoutExp: true,
    refreshTokens: { scope: 'offline_access' },
    accessTokens: { profile: 'hydra' },
  };
}
