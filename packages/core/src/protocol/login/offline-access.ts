/** What is known about a provider before a login. */
export interface OfflineAccessFacts {
  readonly issuer: string;
  readonly authorizationEndpoint: unknown;
  readonly scopesSupported: unknown;
}

/**
 * Decides whether a login that wants a refresh token requests the scope `offline_access`.
 *
 * - Keycloak issues refresh tokens without it. With it, Keycloak creates an "offline session" that a logout at the provider
 *   does not end, and rejects users without the role.
 * - Google and Amazon Cognito reject it.
 * - Another provider lists it in `scopes_supported` if it knows it. An unknown scope can be rejected with `invalid_scope`.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess
 */
export function needsOfflineAccess(facts: OfflineAccessFacts): boolean {
  const { issuer, authorizationEndpoint, scopesSupported } = facts;
  if (typeof authorizationEndpoint === 'string' && isKeycloak(authorizationEndpoint)) return false;
  if (issuer === 'https://accounts.google.com' || /^https:\/\/cognito-idp\./.test(issuer)) return false;
  return Array.isArray(scopesSupported) && scopesSupported.includes('offline_access');
}

const isKeycloak = (authorizationEndpoint: string) =>
  /\/realms\/[^/]+\/protocol\/openid-connect\//.test(authorizationEndpoint);
