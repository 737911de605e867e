import type { ProviderPreset } from '../../provider.ts';
import { type IssuerOptions, requireIssuer } from '../../require-issuer.ts';

/** Options of {@link adfs}. */
export interface AdfsOptions extends IssuerOptions {
  /**
   * The `iss` of access tokens: the member `access_token_issuer` of the metadata. Default: the host of the issuer, as in
   * `http://adfs.example.com/adfs/services/trust`.
   */
  readonly accessTokenIssuer?: string | undefined;
}

/**
 * Creates the preset of AD FS (Windows Server 2016 or newer). Request the access token of an API with the option `resource`: the
 * identifier of its relying party trust. Access tokens have another `iss` than the metadata, with `http:`, and `auth_time` as a
 * date; an API with this preset accepts both.
 *
 * @throws ConfigurationError `missing_option` or `invalid_option` if `issuer` is not a URL
 * @see https://learn.microsoft.com/windows-server/identity/ad-fs/development/ad-fs-openid-connect-oauth-concepts
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { adfs } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: adfs({ issuer: 'https://adfs.example.com/adfs' }),
 *   clientId: '11111111-2222-3333-4444-555555555555',
 *   resource: 'https://api.example.com',
 * });
 * ```
 */
export function adfs({ issuer, accessTokenIssuer }: AdfsOptions): ProviderPreset {
  const url = requireIssuer('adfs', issuer);
  return {
    name: 'adfs',
    issuer: url,
    relaxes: [],
    // Assumption: without a scope. `offline_access` is not in `scopes_supported`.
    refreshTokens: {},
    accessTokens: {
      // https://learn.microsoft.com/openspecs/windows_protocols/ms-oidce/586de7dd-3385-47c7-93a2-935d9e90441c
      // Assumption: the identifier of the federation service is the default one.
      issuer: accessTokenIssuer ?? `http://${new URL(url).host}/adfs/services/trust`,
      profile: 'adfs',
    },
  };
}
