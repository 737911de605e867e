import * as oauth from 'oauth4webapi';
import { ConfigurationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { createRandomToken } from '../../internal/encoding.ts';
import {
  type AuthorizationTransaction,
  checkAdditionalParameters,
} from '../../protocol/login/authorization-transaction.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { emitEvent, traceOperation } from '../observability.ts';
import { discover } from '../wire/discovery.ts';
import { getDpopThumbprint, retryWithDpopNonce } from '../wire/dpop.ts';
import { createRequestOptions, toProtocolClient } from '../wire/request-options.ts';
import type { AuthorizationServerMetadata } from '../wire/server-metadata.ts';
import { chooseAlgorithmName } from '../wire/signing-key.ts';
import { translateError } from '../wire/translate-error.ts';
import { checkOAuth2Login } from './oauth2-login.ts';
import { checkCodeProtection, createCodeChallenge, supportsPkce, usesPkce } from './pkce-support.ts';
import { findRequestedTokens, type RequestedTokens } from './refresh-token-request.ts';

export type { AuthorizationTransaction } from '../../protocol/login/authorization-transaction.ts';

/** Options of {@link createAuthorizationRequest}. Defaults are those of the client. */
export interface AuthorizationRequest {
  /** Where the provider redirects the user after login, exactly as registered. */
  readonly redirectUri?: string | undefined;
  /** The requested scope, space-separated. With the option `refreshTokens` of the client, what a refresh token needs is added. */
  readonly scope?: string | undefined;
  /**
   * The resource indicators of the APIs that access tokens are for.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2.1
   */
  readonly resource?: string | readonly string[] | undefined;
  /** Maximum age of the user's authentication in seconds. `auth_time` is then required and validated. */
  readonly maxAge?: number | undefined;
  /** The accepted authentication contexts. The `acr` of the ID token must be one of these. */
  readonly acrValues?: readonly string[] | undefined;
  /** What the provider asks the user. Default: the provider decides. */
  readonly prompt?: 'none' | 'login' | 'consent' | 'select_account' | 'create' | (string & {}) | undefined;
  /** Identifies the user who is expected to log in, for example by e-mail address. */
  readonly loginHint?: string | undefined;
  /** An ID token of the user who is expected to log in. */
  readonly idTokenHint?: string | undefined;
  /** Languages for the provider's pages (BCP 47), in order of preference. */
  readonly uiLocales?: readonly string[] | undefined;
  /**
   * The `claims` parameter, which requests single claims.
   *
   * @see https://openid.net/specs/openid-connect-core-1_0.html#ClaimsParameter
   */
  readonly claims?: object | undefined;
  /**
   * The `authorization_details` parameter.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9396#section-2
   */
  readonly authorizationDetails?: readonly object[] | undefined;
  /** Additional parameters, for example `organization` of Auth0. A parameter that the library sets is rejected. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

/** Parameters that {@link AuthorizationRequest} has an option for. */
const optionParameters = ['id_token_hint', 'claims', 'authorization_details'];

/**
 * Starts a login. Redirect the user to `url`, and store `transaction` until the user returns. The transaction is secret and
 * valid for one login. PKCE (S256) and `state` are used, and `nonce` if the scope includes `openid`. Only a preset whose
 * `relaxes` says so, such as `linkedin()`, omits PKCE.
 *
 * @throws ConfigurationError `missing_option` without `redirectUri`, `invalid_option` if an additional parameter is
 *   reserved, or if a client without credentials has a preset without PKCE; `unsupported_by_provider` if the provider does not support PKCE with S256, or if the request needs an ID token
 *   and the preset is one for OAuth 2 logins
 * @throws AuthorizationServerError `endpoint_error` if the provider rejects a pushed authorization request
 * @throws ValidationError if the metadata or the response to a pushed authorization request is invalid
 * @throws TransportError if the provider cannot be reached or is temporarily unavailable
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.3
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 * @example
 * ```ts
 * import { type AuthorizationTransaction, type Client, createAuthorizationRequest } from '@countersign/core';
 *
 * async function startLogin(client: Client, store: (transaction: AuthorizationTransaction) => Promise<void>) {
 *   const { url, transaction } = await createAuthorizationRequest(client, { prompt: 'login' });
 *   await store(transaction);
 *   return Response.redirect(url);
 * }
 * ```
 */
export async function createAuthorizationRequest(
  client: Client,
  request: AuthorizationRequest = {},
): Promise<{ url: URL; transaction: AuthorizationTransaction }> {
  return startAuthorization(client, request);
}

/**
 * Like {@link createAuthorizationRequest}, with a value that the provider returns in the state.
 *
 * @param options `stateSuffix` follows the random part of the state. It must be encrypted: it appears in URLs and logs.
 */
export async function startAuthorization(
  client: Client,
  request: AuthorizationRequest,
  { stateSuffix = '' }: { readonly stateSuffix?: string } = {},
): Promise<{ url: URL; transaction: AuthorizationTransaction }> {
  return traceOperation(client, 'createAuthorizationRequest', async () => {
    const { options, resources, now } = getClientContext(client);
    const redirectUri = request.redirectUri ?? options.redirectUri;
    if (!redirectUri) {
      throw new ConfigurationError(
        'missing_option',
        'redirectUri is missing. Set it in createClient() or in this login.',
      );
    }
    const metadata = await discover(client);
    requireSupport(metadata, { usesPkce: checkCodeProtection(client) });
    const tokens = findRequestedTokens(client, metadata, request.scope);
    const { scope } = tokens;
    const { maxAge, acrValues, idTokenHint, claims } = request;
    checkOAuth2Login(options.provider, { scope, maxAge, acrValues, idTokenHint, claims });
    const isOpenid = scope.split(' ').includes('openid');
    const resource = request.resource === undefined ? resources : [request.resource].flat();
    const transaction: AuthorizationTransaction = {
      issuer: client.issuer,
      clientId: client.clientId,
      redirectUri,
      state: createRandomToken() + stateSuffix,
      ...(isOpenid && { nonce: createRandomToken() }),
      codeVerifier: createRandomToken(),
      scope,
      ...(resource.length > 0 && { resource }),
      ...(request.maxAge !== undefined && { maxAge: request.maxAge }),
      ...(request.acrValues && { acrValues: request.acrValues }),
      createdAt: seconds(now),
    };
    const parameters = await createParameters(client, request, { transaction, tokens });
    const url = await createAuthorizationUrl(client, metadata, parameters);
    emitEvent(client, { type: 'login.started', issuer: client.issuer, clientId: client.clientId });
    return { url, transaction };
  });
}

/** Without PKCE with S256, an attacker can inject or use a stolen code (RFC 9700 section 2.1.1). */
function requireSupport(
  metadata: AuthorizationServerMetadata,
  { usesPkce }: { readonly usesPkce: boolean },
): void {
  if (usesPkce && !supportsPkce(metadata)) {
    throw new ConfigurationError(
      'unsupported_by_provider',
      'The provider does not support PKCE with S256 (RFC 7636).',
    );
  }
  if (!metadata.authorization_endpoint) {
    throw new ConfigurationError('unsupported_by_provider', 'The metadata has no "authorization_endpoint".');
  }
}

async function createParameters(
  client: Client,
  request: AuthorizationRequest,
  {
    transaction,
    tokens,
  }: { readonly transaction: AuthorizationTransaction; readonly tokens: RequestedTokens },
): Promise<URLSearchParams> {
  const { options } = getClientContext(client);
  const parameters = new URLSearchParams();
  const claims = request.claims ?? options.provider?.claims;
  const additional = { ...tokens.parameters, ...options.authorizationParameters, ...request.parameters };
  checkAdditionalParameters(Object.keys(additional), optionParameters);
  for (const [name, value] of Object.entries(additional)) parameters.set(name, value);
  const entries: readonly (readonly [string, string | undefined])[] = [
    ['client_id', client.clientId],
    ['response_type', 'code'],
    ['redirect_uri', transaction.redirectUri],
    ['scope', transaction.scope || undefined],
    ['state', transaction.state],
    ['nonce', transaction.nonce],
    ['code_challenge', await createCodeChallenge(client, transaction)],
    ['code_challenge_method', usesPkce(client) ? 'S256' : undefined],
    // Binds the code to the key (RFC 9449 section 10).
    ['dpop_jkt', await getDpopThumbprint(client)],
    ['response_mode', options.responseMode === 'query' ? undefined : options.responseMode],
    ['max_age', request.maxAge?.toString()],
    ['acr_values', request.acrValues?.join(' ')],
    ['prompt', request.prompt ?? additional.prompt ?? tokens.prompt],
    ['login_hint', request.loginHint],
    ['id_token_hint', request.idTokenHint],
    ['ui_locales', request.uiLocales?.join(' ')],
    ['claims', claims && JSON.stringify(claims)],
    ['authorization_details', request.authorizationDetails && JSON.stringify(request.authorizationDetails)],
  ];
  for (const [name, value] of entries) if (value !== undefined) parameters.set(name, value);
  for (const resource of transaction.resource ?? []) parameters.append('resource', resource);
  return parameters;
}

async function createAuthorizationUrl(
  client: Client,
  metadata: AuthorizationServerMetadata,
  parameters: URLSearchParams,
): Promise<URL> {
  const { options } = getClientContext(client);
  const signedRequest = await signRequest(client, metadata, parameters);
  const isPushed =
    options.pushedAuthorizationRequests === 'always' ||
    metadata.require_pushed_authorization_requests === true;
  const query = isPushed
    ? await pushRequest(client, metadata, signedRequest)
    : addOpenidParameters(signedRequest, parameters);
  const url = new URL(metadata.authorization_endpoint as string);
  for (const [name, value] of query) url.searchParams.append(name, value);
  return url;
}

/** @see https://www.rfc-editor.org/rfc/rfc9101#section-5 */
async function signRequest(
  client: Client,
  metadata: AuthorizationServerMetadata,
  parameters: URLSearchParams,
): Promise<URLSearchParams> {
  const { requestObjectSigningKey: key } = getClientContext(client).options;
  if (!key) return parameters;
  const { request_object_signing_alg_values_supported: supportedNames } = metadata;
  const request = await oauth.issueRequestObject(metadata, toProtocolClient(client), parameters, key, {
    [oauth.modifyAssertion]: (header) => chooseAlgorithmName(header, supportedNames),
  });
  return new URLSearchParams({ client_id: client.clientId, request });
}

/**
 * Adds the parameters that an OpenID request repeats beside its request object, with equal values.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RequestObject
 */
function addOpenidParameters(query: URLSearchParams, parameters: URLSearchParams): URLSearchParams {
  const scope = parameters.get('scope') ?? '';
  if (!query.has('request') || !scope.split(' ').includes('openid')) return query;
  return new URLSearchParams({ response_type: 'code', scope, ...Object.fromEntries(query) });
}

/** @see https://www.rfc-editor.org/rfc/rfc9126#section-4 */
async function pushRequest(
  client: Client,
  metadata: AuthorizationServerMetadata,
  parameters: URLSearchParams,
): Promise<URLSearchParams> {
  const { authentication } = getClientContext(client);
  const protocolClient = toProtocolClient(client);
  try {
    const { request_uri } = await retryWithDpopNonce(client, async (dpop) => {
      const response = await oauth.pushedAuthorizationRequest(
        metadata,
        protocolClient,
        authentication.apply,
        parameters,
        { ...createRequestOptions(client), ...dpop },
      );
      return oauth.processPushedAuthorizationResponse(metadata, protocolClient, response);
    });
    return new URLSearchParams({ client_id: client.clientId, request_uri });
  } catch (error) {
    throw translateError(error, { code: 'response_malformed', check: 'pushed_authorization_response' });
  }
}
