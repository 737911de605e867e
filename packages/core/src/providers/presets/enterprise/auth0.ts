import type { IdTokenClaims } from '../../../client/wire/token-response.ts';
import { ConfigurationError } from '../../../errors.ts';
import { parseUrl } from '../../../internal/parse-url.ts';
import type { ProviderBehaviour, ProviderPreset } from '../../provider.ts';

/** Options of {@link auth0}. */
export interface Auth0Options {
  /** The tenant domain, such as `tenant.eu.auth0.com`, or a custom domain. */
  readonly domain: string;
  /** The identifier of the API that access tokens are for. Default: none. Access tokens are then for userinfo only. */
  readonly audience?: string | undefined;
  /**
   * Restricts logins to this organization, by identifier (`org_...`) or by name. An ID token of another organization is
   * rejected. Default: none.
   */
  readonly organization?: string | undefined;
  /** The connection that users log in with. Default: the user chooses. */
  readonly connection?: string | undefined;
}

/**
 * Creates the preset of Auth0. Token requests are JSON, as the documentation of Auth0 shows. Auth0 also accepts
 * `tokenRequestFormat: 'form'`.
 *
 * @throws ConfigurationError `invalid_option` if `domain` is not a host name
 * @see https://auth0.com/docs/api/authentication
 * @example
 * ```ts
 * import { clientSecretPost, createClient } from '@countersign/core';
 * import { auth0 } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: auth0({ domain: 'tenant.eu.auth0.com', audience: 'https://api.example.com' }),
 *   clientId: 'web',
 *   clientAuthentication: clientSecretPost(process.env.CLIENT_SECRET ?? ''),
 * });
 * ```
 */
export function auth0({ domain, audience, organization, connection }: Auth0Options): ProviderPreset {
  const issuer = `https://${domain}/`;
  if (typeof domain !== 'string' || parseUrl(issuer)?.host !== domain.toLowerCase()) {
    throw new ConfigurationError(
      'invalid_option',
      `"domain" is "${domain}", expected a host name such as "tenant.eu.auth0.com".`,
    );
  }
  return {
    ...createAuth0Behaviour(issuer),
    issuer,
    relaxes: [],
    tokenRequestFormat: 'json',
    authorizationParameters: {
      ...(audience !== undefined && { audience }),
      ...(organization !== undefined && { organization }),
      ...(connection !== undefined && { connection }),
    },
    accessTokens: { profile: 'auth0' },
    // Without this check, a user of another organization could log in by changing the authorization URL.
    ...(organization !== undefined && {
      wrongClaim: (claims: IdTokenClaims) => findWrongOrganizationClaim(claims, organization),
    }),
  };
}

/** The behaviour of a tenant, including one that was recognized by its issuer. */
export function createAuth0Behaviour(issuer: string): ProviderBehaviour {
  return {
    name: 'auth0',
    // https://auth0.com/docs/secure/tokens/refresh-tokens/get-refresh-tokens
    refreshTokens: { scope: 'offline_access' },
    // The header contains the time at which the limit ends, in seconds since the epoch.
    // https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy
    retryAfter(headers, now) {
      const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN);
      return Number.isFinite(reset) ? Math.ceil(reset - now / 1000) : undefined;
    },
    // Older tenants have no end_session_endpoint. https://auth0.com/docs/api/authentication/logout/auth-0-logout
    createLogoutUrl({ clientId, postLogoutRedirectUri, metadata }) {
      if (metadata.end_session_endpoint !== undefined) return undefined;
      const url = new URL('v2/logout', issuer);
      url.searchParams.set('client_id', clientId);
      if (postLogoutRedirectUri !== undefined) url.searchParams.set('returnTo', postLogoutRedirectUri);
      return url;
    },
  };
}

function findWrongOrganizationClaim(claims: IdTokenClaims, organization: string): string | undefined {
  const claim = organization.startsWith('org_') ? 'org_id' : 'org_name';
  const expected = claim === 'org_id' ? organization : organization.toLowerCase();
  return claims[claim] === expected ? undefined : claim;
}
