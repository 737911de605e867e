import { TransportError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import type { JsonObject } from '../../internal/json/json.ts';

/**
 * The tenants whose users and tokens an application accepts: their identifiers, or a function. A result other than `true`
 * rejects the tenant. An error that the function throws means that the decision is temporarily unavailable.
 */
export type AcceptTenant = readonly string[] | ((tenant: string) => boolean | Promise<boolean>);

/**
 * A provider with many tenants, each with an issuer of its own. The metadata that all tenants share contains a template
 * instead of an issuer.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-issuer
 */
export interface ProviderTenants {
  /** The text in the issuer that the tenant replaces, for example `{tenantid}`. The issuer contains it once. */
  readonly placeholder: string;
  /** The claim that contains the tenant of a token, for example `tid`. */
  readonly claim: string;
  /** The decision of the application. It is made after the signature of a token is verified. */
  readonly acceptTenant: AcceptTenant;
}

/** The expected issuer of tokens. */
export interface IssuerRule {
  /** The issuer identifier. With `tenants`: the template. */
  readonly issuer: string;
  readonly tenants?: ProviderTenants | undefined;
}

/** Without characters that could change the path of an issuer: no slash, dot, brace or percent sign. */
const isTenant = (value: unknown): value is string =>
  typeof value === 'string' && /^[\w-]{1,128}$/.test(value);

/**
 * Returns the `iss` that a token must have: the issuer identifier, or the template with the tenant of the token.
 *
 * @returns `undefined` if the claim with the tenant is missing or malformed
 */
export function findTokenIssuer({ issuer, tenants }: IssuerRule, claims: JsonObject): string | undefined {
  if (!tenants) return issuer;
  const tenant = claims[tenants.claim];
  // A function, because a text could contain patterns such as `$&`.
  return isTenant(tenant) ? issuer.replace(tenants.placeholder, () => tenant) : undefined;
}

/**
 * Checks an issuer beside which there is no claim with the tenant, such as the parameter `iss` of an authorization response.
 * The template itself is not an issuer.
 */
export function isIssuer({ issuer, tenants }: IssuerRule, value: unknown): boolean {
  if (!tenants) return value === issuer;
  const [start = '', end = ''] = issuer.split(tenants.placeholder);
  return (
    typeof value === 'string' &&
    value.startsWith(start) &&
    value.endsWith(end) &&
    isTenant(value.slice(start.length, value.length - end.length))
  );
}

/** Checks the `issuer` of a metadata document: the template or the issuer of one tenant. */
export const isMetadataIssuer = (rule: IssuerRule, value: unknown): boolean =>
  value === rule.issuer || isIssuer(rule, value);

/**
 * Checks whether a key of a provider with tenants may have signed a token: a key with an `issuer` signs tokens of this issuer
 * only. A key with the template, or without `issuer`, signs the tokens of all tenants. Other providers have no such member.
 *
 * @param tokenIssuer the `iss` of the token
 * @see https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-issuer
 */
export const isKeyOfIssuer = (
  key: { readonly issuer?: unknown },
  tokenIssuer: string | undefined,
  { issuer, tenants }: IssuerRule,
): boolean => !tenants || (key.issuer ?? tokenIssuer) === tokenIssuer || key.issuer === issuer;

/**
 * Asks the application whether it accepts the tenant of a token whose signature and `iss` are verified.
 *
 * @throws TransportError `server_error` if the function of the application throws: the tenant may be accepted later
 */
export async function isTenantAccepted({ tenants }: IssuerRule, claims: JsonObject): Promise<boolean> {
  if (!tenants) return true;
  const { acceptTenant, claim } = tenants;
  const tenant = claims[claim] as string;
  if (typeof acceptTenant !== 'function') return acceptTenant.includes(tenant);
  try {
    return (await acceptTenant(tenant)) === true;
  } catch (cause) {
    throw new TransportError(
      'server_error',
      isDevelopment
        ? `The function acceptTenant threw an error for the tenant "${tenant}". Nothing was accepted. Try again later.`
        : 'acceptTenant',
      { cause },
    );
  }
}
