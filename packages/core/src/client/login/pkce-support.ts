import * as oauth from 'oauth4webapi';
import { ConfigurationError } from '../../errors.ts';
import { idTokenHmac } from '../../providers/id-token-hmac.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import type { AuthorizationServerMetadata } from '../wire/server-metadata.ts';

/**
 * True if the provider supports PKCE with S256, or does not list its methods.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-2
 */
export function supportsPkce({
  code_challenge_methods_supported: methods,
}: AuthorizationServerMetadata): boolean {
  return methods === undefined || methods.includes('S256');
}

/** True unless the preset says that the provider rejects the parameters of PKCE. */
export const usesPkce = (client: Client): boolean =>
  getClientContext(client).options.provider?.pkce !== 'unsupported';

/** Returns the S256 challenge of the login, or `undefined` without PKCE. */
export const createCodeChallenge = async (
  client: Client,
  { codeVerifier }: { readonly codeVerifier: string },
): Promise<string | undefined> =>
  usesPkce(client) ? oauth.calculatePKCECodeChallenge(codeVerifier) : undefined;

/**
 * Checks that a client with a preset without PKCE, or with ID tokens that its secret signs, has credentials. Without PKCE, they
 * are what stops an attacker from exchanging a stolen code (RFC 9700 section 2.1.1).
 *
 * @returns whether the client uses PKCE
 * @throws ConfigurationError `invalid_option`
 */
export function checkCodeProtection(client: Client): boolean {
  const { authentication, options } = getClientContext(client);
  const { provider } = options;
  const isRelaxed = provider?.pkce === 'unsupported' || provider?.[idTokenHmac] !== undefined;
  if (isRelaxed && authentication.method === 'none') {
    throw new ConfigurationError(
      'invalid_option',
      `The preset "${provider.name}" needs a client with credentials. Set clientAuthentication: clientSecretPost(secret).`,
    );
  }
  return usesPkce(client);
}
