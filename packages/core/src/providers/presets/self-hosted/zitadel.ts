import type { ProviderPreset } from '../../provider.ts';
import { type IssuerOptions, requireIssuer } from '../../require-issuer.ts';

/**
 * Creates the preset of Zitadel. An ID token names every project of the application as its audience.
 *
 * @throws ConfigurationError `missing_option` or `invalid_option` if `issuer` is not a URL
 * @see https://zitadel.com/docs/apis/openidoauth/scopes
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { zitadel } from '@countersign/core/providers';
 *
 * const client = createClient({ provider: zitadel({ issuer: 'https://acme.zitadel.cloud' }), clientId: 'web' });
 * ```
 */
export function zitadel({ issuer }: IssuerOptions): ProviderPreset {
  return {
    name: 'zitadel',
    issuer: requireIssuer('zitadel', issuer),
    relaxes: [],
    // https://zitadel.com/docs/apis/openidoauth/scopes
    refreshTokens: { scope: 'offline_access' },
  };
}
