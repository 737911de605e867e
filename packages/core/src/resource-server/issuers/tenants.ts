import type { JsonObject } from '../../internal/json/json.ts';
import {
  findTokenIssuer,
  isIssuer,
  isKeyOfIssuer,
  isTenantAccepted,
} from '../../protocol/tokens/token-issuer.ts';
import { invalidToken } from '../rejections/rejection.ts';
import type { Issuer } from './issuer.ts';

/** Finds the trusted issuer of a token by its `iss`. An issuer with tenants has issued the tokens of all its tenants. */
export function findTrustedIssuer(issuers: ReadonlyMap<string, Issuer>, iss: unknown): Issuer | undefined {
  if (typeof iss !== 'string') return undefined;
  return (
    issuers.get(iss) ??
    [...issuers.values()].find(
      ({ accessTokenIssuer, tenants }) => tenants && isIssuer({ issuer: accessTokenIssuer, tenants }, iss),
    )
  );
}

/**
 * Returns the `iss` that a token must have. With tenants, it contains the tenant of the token.
 *
 * @throws Rejection if the claim with the tenant is missing or malformed
 */
export function findExpectedIssuer(
  { accessTokenIssuer, tenants }: Pick<Issuer, 'accessTokenIssuer' | 'tenants'>,
  claims: JsonObject,
): string {
  const issuer = findTokenIssuer({ issuer: accessTokenIssuer, tenants }, claims);
  if (issuer !== undefined) return issuer;
  throw invalidToken(
    tenants?.claim ?? 'iss',
    'The access token does not contain the identifier of its tenant',
  );
}

/** Returns the keys that may sign a token of the tenant. `undefined`: all of them. */
export function createKeyFilter(
  { issuer, accessTokenIssuer, tenants }: Issuer,
  claims: JsonObject,
): ((jwk: JsonObject) => boolean) | undefined {
  if (!tenants) return undefined;
  // A key names the issuer of its tenant by either identifier.
  const rules = [accessTokenIssuer, issuer].map((identifier) => ({ issuer: identifier, tenants }));
  return (jwk) => rules.some((rule) => isKeyOfIssuer(jwk, findTokenIssuer(rule, claims), rule));
}

/**
 * Asks the application whether it accepts the tenant of a token whose signature is verified.
 *
 * @throws Rejection if it does not
 * @throws TransportError if it cannot decide now
 */
export async function requireTenant(issuer: Issuer, claims: JsonObject): Promise<void> {
  if (await isTenantAccepted(issuer, claims)) return;
  throw invalidToken(issuer.tenants?.claim ?? 'iss', 'The tenant of the access token is not accepted');
}
