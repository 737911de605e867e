import type { ProviderPreset } from '../../provider.ts';
import { type IssuerOptions, requireIssuer } from '../../require-issuer.ts';

/**
 * Creates the preset of Salesforce. Use the address of your organization ("My Domain").
 *
 * @throws ConfigurationError `missing_option` or `invalid_option` if `issuer` is not a URL
 * @see https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_tokens_scopes.htm
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { salesforce } from '@countersign/core/providers';
 *
 * const client = createClient({ provider: salesforce({ issuer: 'https://acme.my.salesforce.com' }), clientId: 'web' });
 * ```
 */
export function salesforce({ issuer }: IssuerOptions): ProviderPreset {
  return {
    name: 'salesforce',
    issuer: requireIssuer('salesforce', issuer),
    relaxes: [],
    // https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_tokens_scopes.htm
    refreshTokens: { scope: 'refresh_token' },
  };
}
