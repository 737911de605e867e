import { ConfigurationError } from '../errors.ts';
import { isSecureUrl } from '../protocol/secure-url.ts';
import type { OAuth2Userinfo, ProviderPreset } from './provider.ts';

/** Options of {@link oauth2}. */
export interface OAuth2Options
  extends Pick<
    ProviderPreset,
    | 'name'
    | 'scope'
    | 'scopeSeparator'
    | 'authorizationParameters'
    | 'refreshTokens'
    | 'tokenEndpointAuthMethod'
    | 'isLoginEnded'
    | 'retryAfter'
  > {
  /** The URL that identifies the provider, as the `iss` of its users. */
  readonly issuer: string;
  /** Where a login begins, an https URL. */
  readonly authorizationEndpoint: string;
  /** Where codes and refresh tokens are exchanged, an https URL. */
  readonly tokenEndpoint: string;
  /** The endpoint of RFC 7009. Default: none, so that a logout revokes no token. */
  readonly revocationEndpoint?: string | undefined;
  /** The userinfo response that identifies the user. */
  readonly userinfo: OAuth2Userinfo;
}

/**
 * Creates a preset for logins at a provider with OAuth 2 only. Another kind of login than OpenID Connect: there is no ID token.
 * A userinfo response identifies the user, so `iss` and `sub` are not signed, and what needs an ID token is not possible:
 * `maxAge`, `acrValues` and other requirements of a login, `id_token_hint`, back-channel logout, `createBrowserAuth()`. A
 * logout ends the session of the application, not that of the provider.
 *
 * @throws ConfigurationError `invalid_option` if an address is not an https URL, or `userinfo` names no member for `sub`
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1
 * @example
 * ```ts
 * import { clientSecretPost, createClient } from '@countersign/core';
 * import { oauth2 } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: oauth2({
 *     name: 'acme',
 *     issuer: 'https://acme.example',
 *     authorizationEndpoint: 'https://acme.example/oauth/authorize',
 *     tokenEndpoint: 'https://acme.example/oauth/token',
 *     userinfo: { endpoint: 'https://api.acme.example/me', sub: 'id', claims: { name: 'display_name' } },
 *     scope: 'profile',
 *   }),
 *   clientId: 'web',
 *   clientAuthentication: clientSecretPost(process.env.CLIENT_SECRET ?? ''),
 * });
 * ```
 */
export function oauth2(options: OAuth2Options): ProviderPreset {
  const { issuer, authorizationEndpoint, tokenEndpoint, revocationEndpoint, userinfo, ...behaviour } =
    options;
  const addresses = { issuer, authorizationEndpoint, tokenEndpoint, 'userinfo.endpoint': userinfo?.endpoint };
  for (const [name, value] of Object.entries({
    ...addresses,
    ...(revocationEndpoint !== undefined && { revocationEndpoint }),
  })) {
    if (!isSecureUrl(value)) throw invalid(`"${name}" is "${String(value)}", expected an https URL`);
  }
  if (typeof userinfo.sub !== 'string' || userinfo.sub === '')
    throw invalid('"userinfo.sub" is empty, expected the member that identifies the user, such as "id"');
  return {
    refreshTokens: {},
    scope: '',
    ...behaviour,
    issuer,
    relaxes: [
      'OpenID Connect Core section 3.1.3.7: there is no ID token. The userinfo response identifies the user. It is not signed, and proves neither the client, nor the time and the method of the login',
    ],
    serverOnly: true,
    metadata: {
      issuer,
      authorization_endpoint: authorizationEndpoint,
      token_endpoint: tokenEndpoint,
      ...(revocationEndpoint !== undefined && { revocation_endpoint: revocationEndpoint }),
    },
    oauth2Userinfo: userinfo,
  };
}

const invalid = (problem: string) => new ConfigurationError('invalid_option', `oauth2(): ${problem}.`);
