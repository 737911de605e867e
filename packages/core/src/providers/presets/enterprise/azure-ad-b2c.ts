import { ConfigurationError } from '../../../errors.ts';
import type { ProviderPreset } from '../../provider.ts';
import { requireGuids } from './microsoft-guids.ts';
import { requireHost } from './microsoft-hosts.ts';

/** Options of {@link azureAdB2c}. */
export interface AzureAdB2cOptions {
  /** The identifier of the tenant ("Directory ID"), a GUID. */
  readonly tenant: string;
  /** The host of the login: `<name>.b2clogin.com`, or a domain of your own. */
  readonly host: string;
  /** The user flow or the custom policy, for example `B2C_1_signupsignin`. */
  readonly policy: string;
  /**
   * The tenant in URLs: its domain name, such as `contoso.onmicrosoft.com`, or its GUID. Default: the GUID.
   *
   * @see https://learn.microsoft.com/azure/active-directory-b2c/custom-domain#optional-use-tenant-id
   */
  readonly tenantInUrls?: string | undefined;
  /**
   * The setting "Issuer (iss) claim" of the policy. `tfp` means that the issuer contains the policy. Default: `tenant`.
   *
   * @see https://learn.microsoft.com/azure/active-directory-b2c/tokens-overview#compatibility
   */
  readonly issuerFormat?: 'tenant' | 'tfp' | undefined;
}

/**
 * Creates the preset of one policy of Azure AD B2C. An ID token of another policy of the tenant is rejected, because all
 * policies can have the same issuer.
 *
 * B2C issues an access token only if the scope contains an API, for example `https://contoso.onmicrosoft.com/api/read`, or the
 * client identifier. The default scope is `openid` with the client identifier; a scope of your own must contain one of them.
 *
 * A refreshed ID token with another `auth_time` is not stored: the previous one stays, and the login continues.
 *
 * @throws ConfigurationError `invalid_option` if `tenant` is not a GUID, `host` is not a host, or another option is invalid
 * @see https://learn.microsoft.com/azure/active-directory-b2c/openid-connect
 * @example
 * ```ts
 * import { clientSecretPost, createClient } from '@countersign/core';
 * import { azureAdB2c } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: azureAdB2c({
 *     tenant: '11111111-2222-3333-4444-555555555555',
 *     host: 'contoso.b2clogin.com',
 *     policy: 'B2C_1_signupsignin',
 *   }),
 *   clientId: '66666666-7777-8888-9999-000000000000',
 *   clientAuthentication: clientSecretPost(process.env.CLIENT_SECRET ?? ''),
 *   refreshTokens: true,
 * });
 * ```
 */
export function azureAdB2c(options: AzureAdB2cOptions): ProviderPreset {
  const { policy, issuerFormat = 'tenant' } = options;
  const [id = ''] = requireGuids('tenant', [options.tenant]);
  const host = requireHost('host', options.host);
  const { tenantInUrls = id } = options;
  for (const [name, value] of Object.entries({ policy, tenantInUrls })) {
    if (typeof value === 'string' && /^[\w-]+(\.[\w-]+)*$/.test(value)) continue;
    throw new ConfigurationError(
      'invalid_option',
      `"${name}" is "${String(value)}", expected a name without a slash.`,
    );
  }
  const policyName = policy.toLowerCase();
  const path = issuerFormat === 'tfp' ? `tfp/${id}/${policyName}` : id;
  return {
    name: 'azure-ad-b2c',
    // The forms of the issuer: https://learn.microsoft.com/azure/active-directory-b2c/tokens-overview#compatibility
    issuer: `https://${host}/${path}/v2.0/`,
    // https://learn.microsoft.com/azure/active-directory-b2c/tokens-overview#validate-signature
    metadataUrl: `https://${host}/${tenantInUrls}/${policyName}/v2.0/.well-known/openid-configuration`,
    relaxes: [],
    // https://learn.microsoft.com/azure/active-directory-b2c/access-tokens#openid-connect-scopes
    scope: (clientId) => `openid ${clientId}`,
    refreshTokens: { scope: 'offline_access' },
    // The policy is in `tfp`, or in `acr` for older policies:
    // https://learn.microsoft.com/azure/active-directory-b2c/tokens-overview#claims
    wrongClaim({ tfp, acr }) {
      if (String(tfp ?? acr).toLowerCase() === policyName) return undefined;
      return tfp === undefined && acr !== undefined ? 'acr' : 'tfp';
    },
    accessTokens: { profile: 'entra-b2c' },
  };
}
