import type { ClientOptions } from '../client/create-client.ts';
import type { IdTokenClaims } from '../client/wire/token-response.ts';
import { ConfigurationError } from '../errors.ts';
import type { ProviderBehaviour } from './provider.ts';

/** Options of a client, with what Auth0 has beside the standards. */
export interface Auth0Options extends Omit<ClientOptions, 'issuer' | 'provider'> {
  /** For example `tenant.eu.auth0.com`, or a custom domain. */
  readonly domain: string;
  /** The API that access tokens are for. Without it they are opaque, and for userinfo alone. */
  readonly audience?: string;
  /** Logs in to this organization only, by `org_` identifier or by name; the ID token must say the same. */
  readonly organization?: string;
  /** Sends the user straight to this connection. */
  readonly connection?: string;
}

/**
 * Options of {@link createClient} for Auth0: what differs from the standards, and nothing else. Token requests are
 * JSON, as Auth0 documents them; `tokenRequestFormat: 'form'` works as well.
 *
 * @throws ConfigurationError when `domain` is not a host name
 */
export function auth0(options: Auth0Options): ClientOptions {
  const { domain, audience, organization, connection, authorizationParameters, ...others } = options;
  const issuer = `https://${domain}/`;
  if (typeof domain !== 'string' || !URL.canParse(issuer) || new URL(issuer).host !== domain.toLowerCase()) {
    throw new ConfigurationError(
      'invalid_option',
      `domain must be a host name such as "tenant.eu.auth0.com", got "${domain}"`,
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
    provider: behaviour(issuer, organization),
  };
}

function behaviour(issuer: string, organization: string | undefined): ProviderBehaviour {
  return {
    // Auth0 tells when the limit is over, in seconds since the epoch.
    retryAfter(headers, now) {
      const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN);
      return Number.isFinite(reset) ? Math.ceil(reset - now / 1000) : undefined;
    },
    // Tenants without the standard's logout endpoint have this one.
    endSessionUrl(client, { postLogoutRedirectUri }) {
      const url = new URL('v2/logout', issuer);
      url.searchParams.set('client_id', client.clientId);
      if (postLogoutRedirectUri !== undefined) url.searchParams.set('returnTo', postLogoutRedirectUri);
      return url;
    },
    // Otherwise a user of another organization could log in by changing the link.
    ...(organization !== undefined && {
      wrongClaim: (claims) => wrongOrganization(claims, organization),
    }),
  };
}

function wrongOrganization(claims: IdTokenClaims, organization: string): string | undefined {
  const claim = organization.startsWith('org_') ? 'org_id' : 'org_name';
  const expected = claim === 'org_id' ? organization : organization.toLowerCase();
  return claims[claim] === expected ? undefined : claim;
}
