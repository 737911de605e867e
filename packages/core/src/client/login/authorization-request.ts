import * as oauth from 'oauth4webapi';
import { ConfigurationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { randomToken } from '../../internal/encoding.ts';
import {
  type AuthorizationTransaction,
  checkAdditionalParameters,
} from '../../protocol/authorization-transaction.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import type { AuthorizationServerMetadata } from '../client-options.ts';
import { emitEvent, traceOperation } from '../observability.ts';
import { discover } from '../wire/discovery.ts';
import { getDpopThumbprint, retryWithDpopNonce } from '../wire/dpop.ts';
import { createRequestOptions, toProtocolClient } from '../wire/request-options.ts';
import { translateError } from '../wire/translate-error.ts';

export type { AuthorizationTransaction } from '../../protocol/authorization-transaction.ts';

/** What one login asks for; everything has a default from the client. */
export interface AuthorizationRequest {
  /** Where the provider sends the user back to; exactly as registered. */
  readonly redirectUri?: string;
  /** Space-separated. */
  readonly scope?: string;
  /** The APIs that access tokens are for. @see RFC 8707 section 2.1 */
  readonly resource?: string | readonly string[];
  /** Seconds since the user last proved who they are, at most. `auth_time` is then required and checked. */
  readonly maxAge?: number;
  /** The answer's `acr` must be one of these. */
  readonly acrValues?: readonly string[];
  readonly prompt?: 'none' | 'login' | 'consent' | 'select_account' | 'create' | (string & {});
  /** Who is expected to log in, for example an e-mail address. */
  readonly loginHint?: string;
  /** An ID token of the user who is expected. */
  readonly idTokenHint?: string;
  /** Languages for the provider's pages (BCP 47), the preferred one first. */
  readonly uiLocales?: readonly string[];
  /** The `claims` parameter. @see OpenID Connect Core section 5.5 */
  readonly claims?: object;
  /** @see RFC 9396 */
  readonly authorizationDetails?: readonly object[];
  /** Further parameters, for example Auth0's `organization`. Those that the library sets itself are refused. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Parameters for which {@link AuthorizationRequest} has options. */
const optionParameters = ['id_token_hint', 'claims', 'authorization_details'];

/**
 * Starts a login: the URL to send the user to, and the transaction to remember until they return.
 * PKCE (S256), state and nonce are always there.
 *
 * @throws ConfigurationError when an option is missing, or the provider cannot do what is asked
 * @throws AuthorizationServerError when the provider refuses a pushed request
 * @see RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID Connect Core section 3.1.2.1
 */
export async function createAuthorizationRequest(
  client: Client,
  request: AuthorizationRequest = {},
): Promise<{ url: URL; transaction: AuthorizationTransaction }> {
  return traceOperation(client, 'createAuthorizationRequest', async () => {
    const { options, resources, scope: defaultScope, now } = getClientContext(client);
    const redirectUri = request.redirectUri ?? options.redirectUri;
    if (!redirectUri) {
      throw new ConfigurationError(
        'missing_option',
        'redirectUri is missing: give it to createClient() or to this login.',
      );
    }
    const metadata = await discover(client);
    requireSupport(metadata);
    const scope = request.scope ?? defaultScope;
    const openid = scope.split(' ').includes('openid');
    const resource = request.resource === undefined ? resources : [request.resource].flat();
    const transaction: AuthorizationTransaction = {
      issuer: client.issuer,
      clientId: client.clientId,
      redirectUri,
      state: randomToken(),
      ...(openid && { nonce: randomToken() }),
      codeVerifier: randomToken(),
      scope,
      ...(resource.length > 0 && { resource }),
      ...(request.maxAge !== undefined && { maxAge: request.maxAge }),
      ...(request.acrValues && { acrValues: request.acrValues }),
      createdAt: seconds(now),
    };
    const parameters = await authorizationParameters(client, request, transaction);
    const url = await authorizationUrl(client, metadata, parameters);
    emitEvent(client, { type: 'login.started', issuer: client.issuer, clientId: client.clientId });
    return { url, transaction };
  });
}

/** A provider that says which PKCE methods it knows, and does not know S256, would leave the code unprotected (RFC 9700 section 2.1.1). */
function requireSupport(metadata: AuthorizationServerMetadata): void {
  const methods = metadata.code_challenge_methods_supported;
  if (methods && !methods.includes('S256')) {
    throw new ConfigurationError(
      'unsupported_by_provider',
      'The provider does not support PKCE with S256 (RFC 7636).',
    );
  }
  if (!metadata.authorization_endpoint) {
    throw new ConfigurationError('unsupported_by_provider', 'The metadata has no authorization_endpoint.');
  }
}

async function authorizationParameters(
  client: Client,
  request: AuthorizationRequest,
  transaction: AuthorizationTransaction,
): Promise<URLSearchParams> {
  const { options } = getClientContext(client);
  const parameters = new URLSearchParams();
  const additional = { ...options.authorizationParameters, ...request.parameters };
  checkAdditionalParameters(Object.keys(additional), optionParameters);
  for (const [name, value] of Object.entries(additional)) parameters.set(name, value);
  const entries: readonly (readonly [string, string | undefined])[] = [
    ['client_id', client.clientId],
    ['response_type', 'code'],
    ['redirect_uri', transaction.redirectUri],
    ['scope', transaction.scope],
    ['state', transaction.state],
    ['nonce', transaction.nonce],
    ['code_challenge', await oauth.calculatePKCECodeChallenge(transaction.codeVerifier)],
    ['code_challenge_method', 'S256'],
    // The code is then of use only with the key (RFC 9449 section 10).
    ['dpop_jkt', await getDpopThumbprint(client)],
    ['response_mode', options.responseMode === 'query' ? undefined : options.responseMode],
    ['max_age', request.maxAge?.toString()],
    ['acr_values', request.acrValues?.join(' ')],
    ['prompt', request.prompt],
    ['login_hint', request.loginHint],
    ['id_token_hint', request.idTokenHint],
    ['ui_locales', request.uiLocales?.join(' ')],
    ['claims', request.claims && JSON.stringify(request.claims)],
    ['authorization_details', request.authorizationDetails && JSON.stringify(request.authorizationDetails)],
  ];
  for (const [name, value] of entries) if (value !== undefined) parameters.set(name, value);
  for (const resource of transaction.resource ?? []) parameters.append('resource', resource);
  return parameters;
}

async function authorizationUrl(
  client: Client,
  metadata: AuthorizationServerMetadata,
  parameters: URLSearchParams,
): Promise<URL> {
  const { options, authentication } = getClientContext(client);
  let sent = parameters;
  if (options.requestObjectSigningKey) {
    const request = await oauth.issueRequestObject(
      metadata,
      toProtocolClient(client),
      parameters,
      options.requestObjectSigningKey,
    );
    sent = new URLSearchParams({ client_id: client.clientId, request });
  }
  if (
    options.pushedAuthorizationRequests === 'always' ||
    metadata.require_pushed_authorization_requests === true
  ) {
    const wire = toProtocolClient(client);
    try {
      const pushed = await retryWithDpopNonce(client, async (dpop) => {
        const response = await oauth.pushedAuthorizationRequest(metadata, wire, authentication.apply, sent, {
          ...createRequestOptions(client),
          ...dpop,
        });
        return oauth.processPushedAuthorizationResponse(metadata, wire, response);
      });
      sent = new URLSearchParams({ client_id: client.clientId, request_uri: pushed.request_uri });
    } catch (error) {
      throw translateError(error, { code: 'response_malformed', check: 'pushed_authorization_response' });
    }
  }
  const url = new URL(metadata.authorization_endpoint as string);
  for (const [name, value] of sent) url.searchParams.append(name, value);
  return url;
}
