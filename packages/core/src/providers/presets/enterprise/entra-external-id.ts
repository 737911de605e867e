import type { ProviderPreset } from '../../provider.ts';
import { entraBehaviour } from './entra.ts';
import { requireGuids } from './microsoft-guids.ts';
import { requireHost } from './microsoft-hosts.ts';

/** Options of {@link entraExternalId}. */
export interface EntraExternalIdOptions {
  /** The identifier of the external tenant ("Directory ID"), a GUID. */
  readonly tenant: string;
  /** The host of the login: `<name>.ciamlogin.com`, or a domain of your own. */
  readonly host: string;
  /**
   * The issuer identifier, if the metadata contains another one. Default: `https://<tenant>.ciamlogin.com/<tenant>/v2.0`.
   */
  readonly issuer?: string | undefined;
}

/**
 * Creates the preset of Microsoft Entra External ID, for the customers of one external tenant. The metadata is at `host`; its
 * issuer has the identifier of the tenant as its host.
 *
 * @throws ConfigurationError `invalid_option` if `tenant` is not a GUID or `host` is not a host
 * @see https://learn.microsoft.com/entra/external-id/customers/overview-customers-ciam
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { entraExternalId } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: entraExternalId({
 *     tenant: '11111111-2222-3333-4444-555555555555',
 *     host: 'contoso.ciamlogin.com',
 *   }),
 *   clientId: '66666666-7777-8888-9999-000000000000',
 *   refreshTokens: true,
 * });
 * ```
 */
export function entraExternalId({ tenant, host, issuer }: EntraExternalIdOptions): ProviderPreset {
  const [id] = requireGuids('tenant', [tenant]);
  const name = requireHost('host', host);
  return {
    ...entraBehaviour,
    name: 'entra-external-id',
    // The host of the issuer is the GUID, although the metadata was requested at the name of the tenant:
    // https://github.com/AzureAD/microsoft-authentication-library-for-js/pull/8595
    issuer: issuer ?? `https://${id}.ciamlogin.com/${id}/v2.0`,
    metadataUrl: `https://${name}/${id}/v2.0/.well-known/openid-configuration`,
    relaxes: [],
    accessTokens: { profile: 'entra' },
  };
}
