import { seconds } from '../../internal/clock.ts';
import { createRandomToken, sha256 } from '../../internal/encoding.ts';
import { checkAdditionalParameters } from '../../protocol/login/authorization-transaction.ts';
import type { RefreshTokenRequest } from '../../providers/provider.ts';
import { findRefreshTokenRequest } from '../../providers/recognize-provider.ts';
import type { BrowserContext } from '../options.ts';
import { findProvider } from '../wire/find-provider.ts';
import { fetchMetadata, getEndpoint } from '../wire/metadata.ts';
import { createMalformedError } from '../wire/send-request.ts';
import { postForm } from '../wire/token-request.ts';
import type { BrowserTransaction } from './browser-transaction.ts';
import { findConsentPrompt } from './consent-memory.ts';

/** The parameters of one login. */
export interface AuthorizationOptions {
  /** Space-separated. Requested in addition to the scope of the options. Default: none. */
  readonly scope?: string | undefined;
  /** The resource servers of access tokens (RFC 8707). Default: those of the options. */
  readonly resource?: string | readonly string[] | undefined;
  /** What the provider asks the user for. Default: the provider decides. */
  readonly prompt?: 'none' | 'login' | 'consent' | 'select_account' | 'create' | (string & {}) | undefined;
  /** Seconds since the last active authentication of the user, at most. `auth_time` is then required. Default: any time. */
  readonly maxAge?: number | undefined;
  /** `acr` of the ID token must be one of these. Default: any. */
  readonly acrValues?: readonly string[] | undefined;
  /** The expected user, for example an email address. Default: none. */
  readonly loginHint?: string | undefined;
  /** Languages of the provider's pages (BCP 47), in order of preference. Default: the provider decides. */
  readonly uiLocales?: readonly string[] | undefined;
  /**
   * Additional parameters. They replace those of the option `authorizationParameters` with the same names. Those that the
   * library sets are rejected. The option `prompt` replaces the parameter of this name. Default: none.
   */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

/**
 * Creates the URL of a login and its transaction.
 *
 * @throws ConfigurationError `invalid_option` for a reserved parameter
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.3
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 */
export async function createAuthorizationRequest(
  context: BrowserContext,
  request: AuthorizationOptions & {
    readonly redirectUri: string;
    readonly returnTo: string;
    readonly idTokenHint?: string | undefined;
  },
): Promise<{ url: URL; transaction: BrowserTransaction }> {
  const { issuer, clientId, options, now } = context;
  const { maxAge, acrValues, redirectUri, returnTo } = request;
  const refresh = await findRefreshRequest(context);
  const scope = joinScopes(context.scope, request.scope, refresh.scope);
  const additional = { ...refresh.parameters, ...options.authorizationParameters, ...request.parameters };
  checkAdditionalParameters(Object.keys(additional));
  const prompt = request.prompt ?? additional.prompt ?? refresh.prompt ?? findConsentPrompt(context, scope);
  const transaction: BrowserTransaction = {
    issuer,
    clientId,
    redirectUri,
    state: createRandomToken(),
    nonce: createRandomToken(),
    codeVerifier: createRandomToken(),
    scope,
    resource: request.resource === undefined ? context.resources : [request.resource].flat(),
    ...(maxAge !== undefined && { maxAge }),
    ...(acrValues && { acrValues }),
    ...(prompt !== undefined && { prompt }),
    createdAt: seconds(now),
    returnTo,
  };
  const dpop = await context.dpop();
  const parameters = new URLSearchParams(additional);
  const fixedParameters: Record<string, string | number | undefined> = {
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope,
    state: transaction.state,
    nonce: transaction.nonce,
    code_challenge: await sha256(transaction.codeVerifier),
    code_challenge_method: 'S256',
    prompt,
    max_age: maxAge,
    acr_values: acrValues?.join(' '),
    login_hint: request.loginHint,
    id_token_hint: request.idTokenHint,
    ui_locales: request.uiLocales?.join(' '),
    // Binds the code to the key too (RFC 9449 section 10).
    dpop_jkt: dpop?.thumbprint,
  };
  for (const [name, value] of Object.entries(fixedParameters)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  for (const resource of transaction.resource) parameters.append('resource', resource);
  const url = new URL(await getEndpoint(context, 'authorization_endpoint'));
  for (const [name, value] of await pushParameters(context, parameters)) url.searchParams.append(name, value);
  return { url, transaction };
}

/** Finds what the provider needs to issue a refresh token. */
async function findRefreshRequest(context: BrowserContext): Promise<RefreshTokenRequest> {
  if (!context.options.refreshTokens) return {};
  const metadata = await fetchMetadata(context);
  return findRefreshTokenRequest(findProvider(context, metadata), metadata.scopes_supported);
}

/** Joins scopes, each name once. */
const joinScopes = (...scopes: readonly (string | undefined)[]): string =>
  [...new Set(scopes.flatMap((scope = '') => scope.split(' ')).filter((name) => name !== ''))].join(' ');

/** Sends the parameters in advance if the provider requires it. @see https://www.rfc-editor.org/rfc/rfc9126#section-5 */
async function pushParameters(
  context: BrowserContext,
  parameters: URLSearchParams,
): Promise<URLSearchParams> {
  if ((await fetchMetadata(context)).require_pushed_authorization_requests !== true) return parameters;
  const endpoint = await getEndpoint(context, 'pushed_authorization_request_endpoint');
  const { request_uri } = await postForm(context, endpoint, parameters);
  if (typeof request_uri !== 'string') throw createMalformedError('request_uri');
  return new URLSearchParams({ client_id: context.clientId, request_uri });
}
