import { type AcceptTenant, entra, personalAccounts } from '../../src/providers/index.ts';
import { createTestProvider } from './browser/browser-provider.ts';

export const tenant = '11111111-2222-3333-4444-555555555555';
export const otherTenant = '22222222-3333-4444-5555-666666666666';

const origin = 'https://login.microsoftonline.com';
export const template = `${origin}/{tenantid}/v2.0`;
export const createIssuer = (id: string) => `${origin}/${id}/v2.0`;

/** A lie of a provider with tenants: the claims that it changes, or what the application or the keys say. */
export interface TenantLie {
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The `issuer` of the key. Default: the template. */
  readonly keyIssuer?: string;
  /** Default: a list with {@link tenant}. */
  readonly acceptTenant?: AcceptTenant;
  /** The check that fails. */
  readonly check: string | RegExp;
}

const ofTenant = (id: string) => ({ iss: createIssuer(id), tid: id });

/** Each of them must be rejected by a client, a browser client and an API. */
export const tenantLies: Readonly<Record<string, TenantLie>> = {
  'the tenant of another iss': { claims: { tid: otherTenant }, check: 'iss' },
  'the iss of another tenant': { claims: { iss: createIssuer(otherTenant) }, check: 'iss' },
  'the template as iss': { claims: { iss: template }, check: 'iss' },
  'the placeholder as tid': { claims: ofTenant('{tenantid}'), check: /^(tid|iss)$/ },
  'a personal account': { claims: ofTenant(personalAccounts), check: 'tid' },
  'a tenant that is not in the list': { claims: ofTenant(otherTenant), check: 'tid' },
  'a tenant for which the function returns false': { acceptTenant: () => false, check: 'tid' },
  'a function that returns no boolean': { acceptTenant: () => 'yes' as never, check: 'tid' },
  'a function that resolves to nothing': { acceptTenant: async () => undefined as never, check: 'tid' },
  'no tid': { claims: { tid: undefined }, check: 'tid' },
  'a tid that is null': { claims: { tid: null }, check: 'tid' },
  'a list as tid': { claims: { tid: [tenant] }, check: 'tid' },
  'a tid with a path': { claims: ofTenant(`x/../${tenant}`), check: /^(tid|iss)$/ },
  'a tid with an encoded path': { claims: ofTenant(`x%2f${tenant}`), check: /^(tid|iss)$/ },
  'a tid that is not a GUID, with a function': {
    claims: ofTenant('contoso'),
    acceptTenant: () => true,
    check: 'tid',
  },
  'a key of another tenant': { keyIssuer: createIssuer(otherTenant), check: /^(kid|signature)$/ },
  'a key of personal accounts': { keyIssuer: createIssuer(personalAccounts), check: /^(kid|signature)$/ },
  'a key with another template': { keyIssuer: `${origin}/{tenant}/v2.0`, check: /^(kid|signature)$/ },
};

/** Creates a provider with tenants that tells a lie, and the preset of an application. */
export async function createTenantProvider(now: () => number, lie: Partial<TenantLie> = {}) {
  const server = await createTestProvider(now, { issuer: origin });
  server.metadata.issuer = template;
  delete server.metadata.authorization_response_iss_parameter_supported;
  server.claims = (claims) => ({ ...claims, ...ofTenant(tenant), ...lie.claims });
  Object.assign(server.keys[0] as object, { issuer: lie.keyIssuer ?? template });
  const provider = entra({
    tenant: 'organizations',
    acceptTenant: lie.acceptTenant ?? [tenant.toUpperCase()],
  });
  const fetch: typeof server.fetch = (url, init) =>
    server.fetch(url.replace('/organizations/v2.0/', '/'), init);
  /** Approves a login. The response has no `iss` unless the test sets it. */
  const approve = (url: string, iss?: string) =>
    new URL(
      server.approve(url, (parameters) => {
        if (iss === undefined) parameters.delete('iss');
        else parameters.set('iss', iss);
      }),
    );
  return { server, provider, fetch, approve };
}
