import { createAuth0Behaviour } from './presets/enterprise/auth0.ts';
import { cognitoBehaviour, isCognito } from './presets/enterprise/cognito.ts';
import { entraBehaviour, isEntra } from './presets/enterprise/entra.ts';
import { isKeycloak, keycloakBehaviour } from './presets/self-hosted/keycloak.ts';
import { googleBehaviour, googleIssuer } from './presets/social/google.ts';
import type { ProviderBehaviour, RefreshTokenRequest } from './provider.ts';

/** What is known about a provider without a preset. */
export interface ProviderFacts {
  readonly issuer: string;
  /** The `authorization_endpoint` of the metadata. */
  readonly authorizationEndpoint?: unknown;
}

/**
 * Recognizes a provider by its issuer and its authorization endpoint. The behaviour relaxes no check: only the option
 * `provider` does.
 */
export function recognizeProvider({
  issuer,
  authorizationEndpoint,
}: ProviderFacts): ProviderBehaviour | undefined {
  if (isKeycloak(authorizationEndpoint)) return keycloakBehaviour;
  if (issuer === googleIssuer) return googleBehaviour;
  if (isCognito(issuer)) return cognitoBehaviour;
  if (isEntra(issuer)) return entraBehaviour;
  if (/^https:\/\/[a-z\d.-]+\.auth0\.com\/$/.test(issuer)) return createAuth0Behaviour(issuer);
  return undefined;
}

/**
 * Returns what a login adds to receive a refresh token: what the provider needs, or for an unknown provider the scope
 * `offline_access` if its metadata lists it. A provider may reject a scope that it does not know.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess
 */
export function findRefreshTokenRequest(
  provider: ProviderBehaviour | undefined,
  scopesSupported: unknown,
): RefreshTokenRequest {
  if (provider?.refreshTokens) return provider.refreshTokens;
  const isListed = Array.isArray(scopesSupported) && scopesSupported.includes('offline_access');
  return isListed ? { scope: 'offline_access' } : {};
}
