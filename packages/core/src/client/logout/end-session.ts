import { ConfigurationError } from '../../errors.ts';
import type { Client } from '../create-client.ts';
import { traceOperation } from '../tracing/trace-operations.ts';
import { discover } from '../wire/discovery.ts';

/** What the provider is told of a logout. */
export interface EndSessionRequest {
  /** The ID token of the login that ends. */
  readonly idTokenHint?: string | undefined;
  /** Where the provider sends the user afterwards; must be registered. */
  readonly postLogoutRedirectUri?: string | undefined;
  /** Comes back with the user; compare it there. */
  readonly state?: string | undefined;
  readonly logoutHint?: string | undefined;
  readonly uiLocales?: readonly string[] | undefined;
  /** Further parameters of the provider's own. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

/**
 * The URL that ends the user's session at the provider, or `undefined` when the provider has no such endpoint.
 *
 * @throws ConfigurationError `unsupported_by_provider` when the endpoint of static metadata is no URL
 * @throws ValidationError, TransportError when the metadata cannot be had
 * @see OpenID Connect RP-Initiated Logout section 2
 */
export async function createEndSessionUrl(
  client: Client,
  request: EndSessionRequest = {},
): Promise<URL | undefined> {
  return traceOperation(client, 'createEndSessionUrl', async () => {
    const { end_session_endpoint: endpoint } = await discover(client);
    if (endpoint === undefined) return client.options.provider?.endSessionUrl?.(client, request);
    if (!URL.canParse(endpoint)) {
      throw new ConfigurationError(
        'unsupported_by_provider',
        'The end_session_endpoint of the metadata is not a URL.',
      );
    }
    const url = new URL(endpoint);
    const parameters = {
      ...request.parameters,
      client_id: client.clientId,
      id_token_hint: request.idTokenHint,
      post_logout_redirect_uri: request.postLogoutRedirectUri,
      state: request.state,
      logout_hint: request.logoutHint,
      ui_locales: request.uiLocales?.join(' '),
    };
    for (const [name, value] of Object.entries(parameters))
      if (value !== undefined) url.searchParams.set(name, value);
    return url;
  });
}
