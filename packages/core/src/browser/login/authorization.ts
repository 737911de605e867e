import { AuthorizationServerError, ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { createRandomToken, sha256 } from '../../internal/encoding.ts';
import {
  type AuthorizationTransaction,
  checkAdditionalParameters,
  checkTransaction,
  rejectRepeatedParameters,
} from '../../protocol/authorization-transaction.ts';
import type { BrowserContext } from '../options.ts';
import { malformed } from '../wire/http.ts';
import { endpointOf, metadataOf } from '../wire/metadata.ts';
import { postForm } from '../wire/token-request.ts';

/** What one login asks for; everything has a default from the options. */
export interface AuthorizationOptions {
  /** Space-separated; asked for beside the scope of the options. */
  readonly scope?: string;
  readonly resource?: string | readonly string[];
  readonly prompt?: 'none' | 'login' | 'consent' | 'select_account' | 'create' | (string & {});
  /** Seconds since the user last proved who they are, at most. `auth_time` is then required and checked. */
  readonly maxAge?: number;
  /** The answer's `acr` must be one of these. */
  readonly acrValues?: readonly string[];
  readonly loginHint?: string;
  readonly uiLocales?: readonly string[];
  /** Further parameters; those that the library sets itself are refused. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** The transaction of a login in the browser. */
export interface BrowserTransaction extends AuthorizationTransaction {
  readonly nonce: string;
  readonly resource: readonly string[];
  /** The page to show after the login: path, query and fragment. */
  readonly returnTo: string;
}

/**
 * @throws ConfigurationError `invalid_option` for a reserved parameter
 * @see RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID Connect Core section 3.1.2.1
 */
export async function createAuthorization(
  context: BrowserContext,
  request: AuthorizationOptions & {
    readonly redirectUri: string;
    readonly returnTo: string;
    readonly idTokenHint?: string | undefined;
  },
): Promise<{ url: URL; transaction: BrowserTransaction }> {
  const { issuer, clientId, options, now } = context;
  const { maxAge, acrValues, redirectUri, returnTo } = request;
  const transaction: BrowserTransaction = {
    issuer,
    clientId,
    redirectUri,
    state: createRandomToken(),
    nonce: createRandomToken(),
    codeVerifier: createRandomToken(),
    scope: [...new Set([context.scope, request.scope ?? []].flat().join(' ').split(' '))].join(' '),
    resource: request.resource === undefined ? context.resources : [request.resource].flat(),
    ...(maxAge !== undefined && { maxAge }),
    ...(acrValues && { acrValues }),
    createdAt: seconds(now),
    returnTo,
  };
  const parameters = new URLSearchParams();
  const additional = { ...options.authorizationParameters, ...request.parameters };
  checkAdditionalParameters(Object.keys(additional), ['prompt']);
  for (const [name, value] of Object.entries(additional)) parameters.set(name, value);
  const dpop = await context.dpop();
  const own: Record<string, string | number | undefined> = {
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: transaction.scope,
    state: transaction.state,
    nonce: transaction.nonce,
    code_challenge: await sha256(transaction.codeVerifier),
    code_challenge_method: 'S256',
    prompt: request.prompt,
    max_age: maxAge,
    acr_values: acrValues?.join(' '),
    login_hint: request.loginHint,
    id_token_hint: request.idTokenHint,
    ui_locales: request.uiLocales?.join(' '),
    // The code is of no use without our key either (RFC 9449 section 10).
    dpop_jkt: dpop?.thumbprint,
  };
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  for (const resource of transaction.resource) parameters.append('resource', resource);
  const url = new URL(await endpointOf(context, 'authorization_endpoint'));
  for (const [name, value] of await pushed(context, parameters)) url.searchParams.append(name, value);
  return { url, transaction };
}

/** @see RFC 9126 section 5 */
async function pushed(context: BrowserContext, parameters: URLSearchParams): Promise<URLSearchParams> {
  if ((await metadataOf(context)).require_pushed_authorization_requests !== true) return parameters;
  const endpoint = await endpointOf(context, 'pushed_authorization_request_endpoint');
  const { request_uri } = await postForm(context, endpoint, parameters);
  if (typeof request_uri !== 'string') throw malformed('request_uri');
  return new URLSearchParams({ client_id: context.clientId, request_uri });
}

/**
 * Validates what the provider sent with the user. The transaction has been consumed before:
 * it is of use once only, whatever comes of it.
 *
 * @returns the code
 * @throws ValidationError `transaction_invalid` or `authorization_response_invalid`
 * @throws AuthorizationServerError `authorization_error` when the provider answered with an error
 * @see RFC 6749 section 4.1.2, RFC 9207 section 2.4
 */
export async function validateAuthorization(
  context: BrowserContext,
  received: URLSearchParams,
  transaction: BrowserTransaction | undefined,
): Promise<{ code: string; transaction: BrowserTransaction }> {
  const state = received.get('state');
  // Without a transaction of this state the response is forged, replayed or of another tab (RFC 6749 section 10.12).
  if (!transaction || transaction.state !== state) {
    throw new ValidationError(
      'transaction_invalid',
      'state',
      'No login with this state was started in this tab, or it is already completed.',
    );
  }
  const { issuer, clientId, now } = context;
  checkTransaction(transaction, { issuer, clientId, time: seconds(now) });
  rejectRepeatedParameters(received);
  // Nothing but a code was asked for (RFC 9700 section 2.1.2).
  if (received.has('response') || received.has('access_token') || received.has('id_token')) {
    throw invalid('response_mode', 'came by another response mode');
  }
  // Before the code is used, or a mix-up attack succeeds (RFC 9207 section 2.4).
  const iss = received.get('iss');
  const { authorization_response_iss_parameter_supported: required } = await metadataOf(context);
  if (iss === null ? required === true : iss !== context.issuer) {
    throw invalid('iss', 'is not from the provider');
  }
  const error = received.get('error');
  if (error !== null) {
    throw new AuthorizationServerError('authorization_error', 'The provider refused.', {
      error,
      errorDescription: received.get('error_description') ?? undefined,
    });
  }
  const code = received.get('code');
  if (!code) throw invalid('code', 'has no code');
  return { code, transaction };
}

function invalid(check: string, what: string): ValidationError {
  return new ValidationError('authorization_response_invalid', check, `The authorization response ${what}.`);
}
