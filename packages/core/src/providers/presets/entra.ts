import { ConfigurationError } from '../../errors.ts';
import type { ProviderBehaviour, ProviderPreset } from '../provider.ts';

/** Options of {@link entra}. */
export interface EntraOptions {
  /** The identifier of the tenant ("Directory ID"), a GUID. */
  readonly tenant: string;
  /**
   * The version of the access tokens that an API receives, `requestedAccessTokenVersion` in the manifest of its
   * registration. Version 1 has another issuer. Default: 2.
   */
  readonly accessTokenVersion?: 1 | 2 | undefined;
}

/** The behaviour of Microsoft Entra ID, including one that was recognized by its issuer. */
export const entraBehaviour: ProviderBehaviour = {
  name: 'entra',
  // https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-offline_access-scope
  refreshTokens: { scope: 'offline_access' },
};

const guid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Creates the preset of Microsoft Entra ID for one tenant. Request an API by its scope (`api://<id>/.default`): the
 * parameter `resource` is not supported.
 *
 * @throws ConfigurationError `invalid_option` if `tenant` is not a GUID
 * @see https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
 * @example
 * ```ts
 * import { clientSecretPost, createClient } from '@countersign/core';
 * import { entra } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: entra({ tenant: '11111111-2222-3333-4444-555555555555' }),
 *   clientId: '66666666-7777-8888-9999-000000000000',
 *   clientAuthentication: clientSecretPost(process.env.CLIENT_SECRET ?? ''),
 *   scope: 'openid profile email api://orders/.default',
 *   refreshTokens: true,
 * });
 * ```
 */
export function entra({ tenant, accessTokenVersion = 2 }: EntraOptions): ProviderPreset {
  // A domain name finds the metadata too, but its `issuer` contains the GUID.
  if (typeof tenant !== 'string' || !guid.test(tenant)) {
    throw new ConfigurationError(
      'invalid_option',
      `"tenant" is "${tenant}", expected the GUID of the tenant ("Directory ID" in the portal).`,
    );
  }
  const id = tenant.toLowerCase();
  return {
    ...entraBehaviour,
    issuer: `https://login.microsoftonline.com/${id}/v2.0`,
    relaxes: [],
    accessTokens: {
      profile: 'entra',
      // https://learn.microsoft.com/entra/identity-platform/access-tokens#token-formats
      ...(accessTokenVersion === 1 && { issuer: `https://sts.windows.net/${id}/` }),
    },
  };
}

/** Checks whether an issuer is a tenant of Microsoft Entra ID. */
export const isEntra = (issuer: string): boolean => issuer.startsWith('https://login.microsoftonline.com/');
