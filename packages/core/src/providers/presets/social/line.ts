import { ConfigurationError } from '../../../errors.ts';
import { createIdTokenHmac, idTokenHmac } from '../../id-token-hmac.ts';
import type { ProviderPreset } from '../../provider.ts';

/** Options of {@link line}. */
export interface LineOptions {
  /** The channel secret. It authenticates the client, and verifies ID tokens. */
  readonly channelSecret: string;
}

/**
 * Creates the preset of LINE Login for web applications. Their ID tokens are signed with the channel secret (HS256): each holder of the secret
 * can create ID tokens, so it must be on servers of this application only. An ID token with another algorithm is rejected,
 * unless `idTokenSignedResponseAlg` names it. There is no logout page. A logout reports that the refresh token was not revoked: the
 * revocation endpoint of LINE has the parameter `access_token` instead of `token`.
 *
 * @throws ConfigurationError `missing_option` if the secret is empty
 * @see https://developers.line.biz/en/docs/line-login/integrate-line-login/
 * @see https://developers.line.biz/en/reference/line-login/#revoke-access-token
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { line } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: line({ channelSecret: process.env.CHANNEL_SECRET ?? '' }),
 *   clientId: '1234567890',
 * });
 * ```
 */
export function line({ channelSecret }: LineOptions): ProviderPreset {
  if (typeof channelSecret !== 'string' || channelSecret === '')
    throw new ConfigurationError('missing_option', 'line(): the channel secret is empty.');
  return {
    name: 'line',
    issuer: 'https://access.line.me',
    relaxes: [
      'RFC 8725 section 3.2: ID tokens are signed with the channel secret (HS256), as LINE does for web logins',
    ],
    serverOnly: true,
    scope: 'openid profile email',
    // Without a scope: https://developers.line.biz/en/docs/line-login/managing-access-tokens/
    refreshTokens: {},
    tokenEndpointAuthMethod: 'client_secret_post',
    createClientSecret: () => channelSecret,
    // https://developers.line.biz/en/docs/line-login/verify-id-token/
    [idTokenHmac]: createIdTokenHmac(channelSecret),
  };
}
