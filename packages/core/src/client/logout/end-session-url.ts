import { ConfigurationError } from '../../errors.ts';
import type { Client } from '../client.ts';
import { traceOperation } from '../observability.ts';
import { resolveProvider } from '../resolve-provider.ts';
import { discover } from '../wire/discovery.ts';
import type { EndSessionRequest } from './end-session-request.ts';

/**
 * Creates the URL that logs the user out at the provider. Returns `undefined` if the provider has no such endpoint.
 *
 * @throws ConfigurationError `unsupported_by_provider` if the endpoint in the metadata is not a URL
 * @throws ValidationError `metadata_invalid` if the metadata is invalid
 * @throws TransportError if the metadata cannot be fetched
 * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
 * @example
 * ```ts
 * import { type Client, createEndSessionUrl } from '@countersign/core';
 *
 * async function getLogoutUrl(client: Client, idToken: string): Promise<URL | undefined> {
 *   return createEndSessionUrl(client, {
 *     idTokenHint: idToken,
 *     postLogoutRedirectUri: 'https://app.example.com/',
 *   });
 * }
 * ```
 */
export async function createEndSessionUrl(
  client: Client,
  request: EndSessionRequest = {},
): Promise<URL | undefined> {
  return traceOperation(client, 'createEndSessionUrl', async () => {
    const metadata = await discover(client);
    const { end_session_endpoint: endpoint } = metadata;
    const { clientId } = client;
    const { postLogoutRedirectUri } = request;
    const provider = resolveProvider(client, metadata);
    const providerUrl = provider?.createLogoutUrl?.({ clientId, postLogoutRedirectUri, metadata });
    if (providerUrl || endpoint === undefined) return providerUrl;
    if (!URL.canParse(endpoint)) {
      throw new ConfigurationError(
        'unsupported_by_provider',
        'Metadata "end_session_endpoint" is not a URL.',
      );
    }
    const url = new URL(endpoint);
    const parameters = {
      ...request.parameters,
      client_id: clientId,
      id_token_hint: request.idTokenHint,
      post_logout_redirect_uri: request.postLogoutRedirectUri,
      state: request.state,
      logout_hint: request.logoutHint,
      ui_locales: request.uiLocales?.join(' '),
    };
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return url;
  });
}
