import type { ClientOptions } from '../client/client-options.ts';
import type { IdTokenClaims } from '../client/wire/token-response.ts';
import { ConfigurationError } from '../errors.ts';
import { parseUrl } from '../internal/parse-url.ts';
import type { ProviderBehaviour } from './provider.ts';

/** Options of {@link auth0}: the client options and those that only Auth0 has. */
export interface Auth0Options extends Omit<ClientOptions, 'issuer' | 'provider'> {
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
 * Creates the options of {@link createClient} for Auth0. Token requests are JSON, as the Auth0 documentation shows.
 * Auth0 also accepts `tokenRequestFormat: 'form'`.
 *
 * @throws ConfigurationError `invalid_option` if `domain` is not a host name
 * @see https://auth0.com/docs/api/authentication
 * @example
 * ```ts
 * import { auth0, clientSecretPost, createClient } from '@countersign/core';
 *
 * const client = createClient(
 *   auth0({
 *     domain: 'tenant.eu.auth0.com',
 *     clientId: 'web',
 *     clientAuthentication: clientSecretPost(process.env.CLIENT_SECRET ?? ''),
 *     audience: 'https://api.example.com',
 *   }),
 * );
 * ```
 */
export function auth0(options: Auth0Options): ClientOptions {
  const { domain, audience, organization, connection, authorizationParameters, ...others } = options;
  const issuer = `https://${domain}/`;
  if (typeof domain !== 'string' || parseUrl(issuer)?.host !== domain.toLowerCase()) {
    throw new ConfigurationError(
      'invalid_option',
      `"domain" is "${domain}", expected a host name such as "tenant.eu.auth0.com".`,
    );
  }
  return {
    tokenRequestFormat: 'json',
    ...others,
    issuer,
    authorizationParameters: {
      ...authorizationParameters,
      ...(audience !== undefined && { audience }),
      ...(organization !== undefined && { organization }),
      ...(connection !== undefined && { connection }),
    },
    provider: createBehaviour(issuer, organization),
  };
}

function createBehaviour(issuer: string, organization: string | undefined): ProviderBehaviour {
  return {
    // The header contains the time at which the limit ends, in seconds since the epoch.
    retryAfter(headers, now) {
      const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN);
      return Number.isFinite(reset) ? Math.ceil(reset - now / 1000) : undefined;
    },
    // Older tenants have no end_session_endpoint and use this endpoint.
    endSessionUrl(clientId, { postLogoutRedirectUri }) {
      const url = new URL('v2/logout', issuer);
      url.searchParams.set('client_id', clientId);
      if (postLogoutRedirectUri !== undefined) url.searchParams.set('returnTo', postLogoutRedirectUri);
      return url;
    },
    // Without this check, a user of another organization could log in by changing the authorization URL.
    ...(organization !== undefined && {
      wrongClaim: (claims) => findWrongOrganizationClaim(claims, organization),
    }),
  };
}

function findWrongOrganizationClaim(claims: IdTokenClaims, organization: string): string | undefined {
  const claim = organization.startsWith('org_') ? 'org_id' : 'org_name';
  const expected = claim === 'org_id' ? organization : organization.toLowerCase();
  return claims[claim] === expected ? undefined : claim;
}
