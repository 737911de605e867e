import { ConfigurationError } from '../../../errors.ts';
import { parseUrl } from '../../../internal/parse-url.ts';
import type { ProviderPreset } from '../../provider.ts';

/** Options of {@link okta}. */
export interface OktaOptions {
  /** The domain of the organization, such as `acme.okta.com`, or a custom domain. */
  readonly domain: string;
  /**
   * The identifier of a custom authorization server, such as `default`. Access tokens for your own APIs need one. Default: the
   * authorization server of the organization.
   */
  readonly authorizationServer?: string | undefined;
}

/**
 * Creates the preset of Okta.
 *
 * @throws ConfigurationError `invalid_option` if `domain` is not a host name
 * @see https://developer.okta.com/docs/concepts/auth-servers/
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { okta } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: okta({ domain: 'acme.okta.com', authorizationServer: 'default' }),
 *   clientId: 'web',
 *   refreshTokens: true,
 * });
 * ```
 */
export function okta({ domain, authorizationServer }: OktaOptions): ProviderPreset {
  const origin = `https://${domain}`;
  if (typeof domain !== 'string' || parseUrl(origin)?.host !== domain.toLowerCase()) {
    throw new ConfigurationError(
      'invalid_option',
      `"domain" is "${domain}", expected a host name such as "acme.okta.com".`,
    );
  }
  return {
    name: 'okta',
    issuer: authorizationServer === undefined ? origin : `${origin}/oauth2/${authorizationServer}`,
    relaxes: [],
    // https://developer.okta.com/docs/guides/refresh-tokens/main/
    refreshTokens: { scope: 'offline_access' },
    accessTokens: { profile: 'okta' },
  };
}
