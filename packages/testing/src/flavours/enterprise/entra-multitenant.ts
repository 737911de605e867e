import type { Flavour } from '../flavour.ts';
import { createEntraEndpoints, entra, entraTenant } from './entra.ts';

const otherTenant = '0a1b2c3d-0000-4000-8000-00000000000b';

/**
 * Microsoft Entra ID with the metadata of all organizations. The claim `tid` of a user decides the issuer of the tokens.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-issuer
 */
export const entraMultitenant: Flavour = {
  ...entra,
  issuer: 'https://login.microsoftonline.com/organizations/v2.0',
  // The placeholder is a part of the metadata.
  metadataIssuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
  endpoints: createEntraEndpoints('organizations'),
  defaults: {
    ...entra.defaults,
    users: [
      { sub: 'alice', claims: { name: 'Alice Example', email: 'alice@example.test', tid: entraTenant } },
      { sub: 'bob', claims: { name: 'Bob Example', email: 'bob@other.test', tid: otherTenant } },
    ],
  },
  tokenIssuer: (issuer, user) => createTenantIssuer(issuer, String(user?.claims?.tid ?? entraTenant)),
  publishedKey: (key, issuer) => ({ ...key, issuer: createTenantIssuer(issuer, '{tenantid}') }),
};

const createTenantIssuer = (issuer: string, tenant: string) => `${new URL(issuer).origin}/${tenant}/v2.0`;
