import type { ProviderBehaviour, ProviderPreset } from '../../provider.ts';
import { type IssuerOptions, requireIssuer } from '../../require-issuer.ts';

/** The behaviour of Keycloak, including one that was recognized by its authorization endpoint. */
export const keycloakBehaviour: ProviderBehaviour = {
  name: 'keycloak',
  // With `offline_access`, a logout at Keycloak does not end the login, and users without the role are rejected.
  // https://www.keycloak.org/docs/latest/server_admin/#_offline-access
  refreshTokens: {},
};

/**
 * Creates the preset of Keycloak. Refresh tokens are issued without the scope `offline_access`. Add an audience mapper to a
 * client scope, so that access tokens name the API.
 *
 * @throws ConfigurationError `missing_option` or `invalid_option` if `issuer` is not a URL
 * @see https://www.keycloak.org/securing-apps/oidc-layers
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { keycloak } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: keycloak({ issuer: 'https://id.example.com/realms/shop' }),
 *   clientId: 'web',
 * });
 * ```
 */
export function keycloak({ issuer }: IssuerOptions): ProviderPreset {
  return {
    ...keycloakBehaviour,
    issuer: requireIssuer('keycloak', issuer),
    relaxes: [],
    accessTokens: { profile: 'keycloak' },
  };
}

/** Checks whether an authorization endpoint is that of a realm. */
export const isKeycloak = (authorizationEndpoint: unknown): boolean =>
  typeof authorizationEndpoint === 'string' &&
  /\/realms\/[^/]+\/protocol\/openid-connect\//.test(authorizationEndpoint);
