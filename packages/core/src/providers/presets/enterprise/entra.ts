import { ConfigurationError } from '../../../errors.ts';
import type { AcceptTenant, ProviderTenants } from '../../../protocol/tokens/token-issuer.ts';
import type { ProviderBehaviour, ProviderPreset } from '../../provider.ts';
import { isGuid, requireGuids } from './microsoft-guids.ts';

/** Options of {@link entra}. */
export interface EntraOptions {
  /**
   * Whose users log in:
   * - the identifier of one tenant ("Directory ID"), a GUID
   * - `organizations`: the users of each tenant that `acceptTenant` accepts
   * - `common`: as `organizations`, and personal accounts if `acceptTenant` accepts {@link personalAccounts}
   * - `consumers`: personal accounts only
   * - a domain name of one tenant, with its GUID in `acceptTenant`
   *
   * @see https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#find-your-apps-openid-configuration-document-uri
   */
  readonly tenant: 'common' | 'organizations' | 'consumers' | (string & {});
  /**
   * The tenants that the application accepts: a list of their GUIDs, or a function of a GUID in lower case. It is called for
   * each login, each refreshed ID token, and each access token that an API has not cached. A refresh keeps the login of a
   * tenant that is no longer accepted. If the function throws, nothing is accepted, and the error is a `TransportError`.
   * Required with `common`, `organizations` and a domain name. Default: the one tenant.
   */
  readonly acceptTenant?: AcceptTenant | undefined;
  /**
   * The version of the access tokens that an API receives, `requestedAccessTokenVersion` in the manifest of its
   * registration. Version 1 has another issuer. Default: 2.
   */
  readonly accessTokenVersion?: 1 | 2 | undefined;
}

/**
 * The tenant of all personal accounts (Outlook, Xbox).
 *
 * @see https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
 */
export const personalAccounts = '9188040d-6c67-4c5b-b112-36a304b66dad';

/** The behaviour of Microsoft Entra ID, including one that was recognized by its issuer. */
export const entraBehaviour: ProviderBehaviour = {
  name: 'entra',
  // https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-offline_access-scope
  refreshTokens: { scope: 'offline_access' },
};

const origin = 'https://login.microsoftonline.com';

// https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-issuer
const placeholder = '{tenantid}';

/**
 * Creates the preset of Microsoft Entra ID. Request an API by its scope (`api://<id>/.default`): the parameter `resource` is
 * not supported.
 *
 * With several tenants, `iss` and `sub` together identify a user: the same `sub` in two tenants means two users.
 *
 * @throws ConfigurationError `invalid_option` if `tenant` or `acceptTenant` is invalid, `missing_option` if `tenant` needs
 *   `acceptTenant`
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
 *
 * // The users of two customers.
 * const customers = entra({
 *   tenant: 'organizations',
 *   acceptTenant: ['11111111-2222-3333-4444-555555555555', '22222222-3333-4444-5555-666666666666'],
 * });
 * ```
 */
export function entra({ tenant, acceptTenant, accessTokenVersion = 2 }: EntraOptions): ProviderPreset {
  const name = typeof tenant === 'string' ? tenant.toLowerCase() : '';
  // The metadata of personal accounts contains the issuer of their tenant.
  const isConsumers = name === 'consumers';
  const isOneTenant = isConsumers || isGuid(name);
  if (!isOneTenant && !/^(common|organizations|[a-z\d-]+(\.[a-z\d-]+)+)$/.test(name)) {
    throw new ConfigurationError(
      'invalid_option',
      `"tenant" is "${tenant}", expected the GUID of the tenant ("Directory ID" in the portal), "common", "organizations", "consumers" or a domain name.`,
    );
  }
  const tenants = isOneTenant ? undefined : createTenants(name, acceptTenant);
  if (isOneTenant && acceptTenant !== undefined) {
    throw new ConfigurationError(
      'invalid_option',
      `"acceptTenant" is set, but "tenant" is "${tenant}", so only one tenant is accepted. Remove acceptTenant, or set tenant: 'organizations'.`,
    );
  }
  const id = isConsumers ? personalAccounts : isOneTenant ? name : placeholder;
  return {
    ...entraBehaviour,
    issuer: `${origin}/${id}/v2.0`,
    ...(id !== name && { metadataUrl: `${origin}/${name}/v2.0/.well-known/openid-configuration` }),
    ...(tenants && { tenants }),
    relaxes: [],
    accessTokens: {
      profile: 'entra',
      // https://learn.microsoft.com/entra/identity-platform/access-tokens#token-formats
      ...(accessTokenVersion === 1 && { issuer: `https://sts.windows.net/${id}/` }),
    },
  };
}

/** @throws ConfigurationError `missing_option` or `invalid_option` */
function createTenants(name: string, acceptTenant: AcceptTenant | undefined): ProviderTenants {
  if (acceptTenant === undefined) {
    throw new ConfigurationError(
      'missing_option',
      `acceptTenant is missing for tenant "${name}". Without it, the users of each Microsoft tenant could log in. Write acceptTenant: ['<GUID of the tenant>'], or a function that returns true for the tenants of your customers.`,
    );
  }
  const accept =
    typeof acceptTenant === 'function'
      ? (tenant: string) => isGuid(tenant) && acceptTenant(tenant)
      : requireGuids('acceptTenant', acceptTenant);
  return { placeholder, claim: 'tid', acceptTenant: accept };
}

/** Checks whether an issuer is a tenant of Microsoft Entra ID. */
export const isEntra = (issuer: string): boolean => issuer.startsWith(`${origin}/`);
