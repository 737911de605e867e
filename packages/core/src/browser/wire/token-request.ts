import type { RefreshRequest } from '../../client/grants/refresh.ts';
import type { IdTokenClaims, TokenResponse } from '../../client/wire/token-response.ts';
import { AuthorizationServerError, getErrorCode, ValidationError } from '../../errors.ts';
import { emitEventOrLog } from '../../events.ts';
import { seconds } from '../../internal/clock.ts';
import { isDevelopment } from '../../internal/development.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import { toPrintableErrorCode } from '../../protocol/error-code.ts';
import {
  findLoginDifference,
  readUnverifiedClaims,
  requireSameUser,
} from '../../protocol/login/same-login.ts';
import { parseScopes } from '../../protocol/login/scopes.ts';
import {
  createRefreshRejection,
  describeResponse,
  findTokenError,
  type TokenErrorResponse,
} from '../../protocol/tokens/refresh-rejection.ts';
import { findRejectedRefreshToken } from '../../protocol/tokens/rejected-token-response.ts';
import { normalizeTokenResponse, parseTokenEndpointBody } from '../../protocol/tokens/token-endpoint-body.ts';
import type { BrowserTransaction } from '../login/browser-transaction.ts';
import type { BrowserContext } from '../options.ts';
import { reportFailure } from '../report-failure.ts';
import { getEndpoint } from './metadata.ts';
import { readAddress, sendRequest } from './send-request.ts';
import { type ResponseExpectations, validateIdToken } from './verify-id-token.ts';

/**
 * Exchanges the authorization code for tokens, and validates the ID token.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.5
 * @see https://openid.net/specs/openid-connect-core-1_0.html#TokenRequest
 */
export async function exchangeCode(
  context: BrowserContext,
  code: string,
  transaction: BrowserTransaction & Pick<ResponseExpectations, 'responseIssuer'>,
): Promise<TokenResponse & { readonly claims: IdTokenClaims }> {
  const body = await postTokenRequest(context, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: transaction.redirectUri,
    code_verifier: transaction.codeVerifier,
    resource: transaction.resource[0],
  });
  const claims = await validateIdToken(context, readString(body, 'id_token'), {
    ...transaction,
    accessToken: readString(body, 'access_token'),
    code,
  });
  return { ...toTokenResponse(context, body, transaction.scope), claims };
}

/**
 * Sends one refresh request. The ID token of the result is not validated, but it does not name another user: see
 * {@link validateRefreshedIdToken}.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokens
 */
export async function requestRefresh(
  context: BrowserContext,
  refreshToken: string,
  { resource, scope, claims: previousClaims, grantedScopes, onRefreshToken }: RefreshRequest,
): Promise<TokenResponse> {
  const { issuer, clientId, emitEvent } = context;
  const isLoginEnded = context.options.provider?.isLoginEnded;
  emitEvent({ type: 'refresh.started', issuer, clientId, ...(resource !== undefined && { resource }) });
  try {
    const body = await postTokenRequest(
      context,
      { grant_type: 'refresh_token', refresh_token: refreshToken, resource, scope },
      (response, endpoint) =>
        createRefreshRejection(response, { clientId, resource, scope, isLoginEnded, endpoint }),
    ).catch((error: unknown) => {
      const receivedToken = findRejectedRefreshToken(error, previousClaims, context.tenants);
      if (receivedToken !== undefined) onRefreshToken?.(receivedToken);
      throw error;
    });
    if (typeof body.refresh_token === 'string') onRefreshToken?.(body.refresh_token);
    // The previous refresh token remains if the response has none (RFC 6749 section 6).
    else delete body.refresh_token;
    const claims = typeof body.id_token === 'string' ? readUnverifiedClaims(body.id_token) : undefined;
    // Tokens of another user must not be stored, even if the signature or the rest of the response is not valid.
    if (previousClaims && claims) requireSameUser(claims, previousClaims, context.tenants);
    const tokens = toTokenResponse(context, body, scope ?? grantedScopes?.join(' ') ?? context.scope);
    emitEvent({ type: 'refresh.succeeded', issuer, clientId, rotated: tokens.refreshToken !== undefined });
    return tokens;
  } catch (error) {
    const { status, error: name, rejection } = error instanceof AuthorizationServerError ? error : {};
    const event = {
      type: 'refresh.failed',
      issuer,
      clientId,
      code: getErrorCode(error),
      ...(status !== undefined && { status }),
      ...(name && { error: toPrintableErrorCode(name) }),
    } as const;
    // An invalid refresh token is a normal end of a login.
    if (rejection?.kind === 'login_ended') emitEvent(event);
    else reportFailure(context, event, error);
    throw error;
  }
}

/**
 * Validates the ID token of a refresh response.
 *
 * @returns `undefined` if the ID token is invalid: the tokens are kept with the previous ID token
 */
export async function validateRefreshedIdToken(
  context: BrowserContext,
  { idToken = '', accessToken }: TokenResponse,
  previousClaims: IdTokenClaims | undefined,
): Promise<IdTokenClaims | undefined> {
  const { issuer, clientId, options } = context;
  let failure: unknown;
  try {
    const claims = await validateIdToken(context, idToken, { accessToken });
    failure = previousClaims && findLoginDifference(claims, previousClaims);
    if (!failure) return claims;
  } catch (error) {
    failure = error;
  }
  const check = failure instanceof ValidationError ? failure.check : undefined;
  emitEventOrLog(
    options.onEvent,
    {
      type: 'id_token.ignored',
      issuer,
      clientId,
      code: getErrorCode(failure),
      ...(check !== undefined && { check }),
    },
    isDevelopment
      ? `The ID token of a refresh was ignored: ${(failure as Error).message} The previous ID token stays.`
      : '',
  );
  return undefined;
}

async function postTokenRequest(
  context: BrowserContext,
  parameters: Record<string, string | undefined>,
  createError?: (error: TokenErrorResponse, url: string) => Error,
): Promise<JsonObject> {
  const url = await getEndpoint(context, 'token_endpoint');
  const form = { client_id: context.clientId, ...parameters };
  const body = await postForm(context, url, form, createError && ((error) => createError(error, url)));
  return normalizeTokenResponse(body);
}

/**
 * Sends a form to the provider.
 *
 * @param createError creates the error for an error response
 * @throws AuthorizationServerError `token_error` if the provider returns an error
 * @throws ValidationError `token_response_invalid` if the response is not a JSON object
 */
export async function postForm(
  context: BrowserContext,
  url: string,
  parameters: URLSearchParams | Record<string, string | undefined>,
  createError?: (error: TokenErrorResponse) => Error,
): Promise<JsonObject> {
  const { members, status } = await sendForm(context, url, parameters, { createError });
  if (members) return members;
  throw new ValidationError(
    'token_response_invalid',
    'body',
    isDevelopment
      ? `POST ${readAddress(url)} returned status ${status} without a JSON object, expected JSON. Check that this address of the metadata is the endpoint of the provider, and that no proxy changes its response.`
      : '',
  );
}

/**
 * Sends a form to the provider, with a DPoP proof if the client has a key. The body of a successful response is optional.
 *
 * @param options.keepalive continues the request when the page is closed
 * @throws AuthorizationServerError `token_error` if the provider returns an error
 */
export async function sendForm(
  context: BrowserContext,
  url: string,
  parameters: URLSearchParams | Record<string, string | undefined>,
  {
    createError = (response) => createTokenError(context, url, response),
    keepalive = false,
  }: {
    readonly createError?: ((error: TokenErrorResponse) => Error) | undefined;
    readonly keepalive?: boolean;
  } = {},
): Promise<{ readonly members: JsonObject | undefined; readonly status: number }> {
  const body = new URLSearchParams();
  const entries = parameters instanceof URLSearchParams ? parameters : Object.entries(parameters);
  for (const [name, value] of entries) if (value !== undefined) body.append(name, value);
  const dpop = await context.dpop();
  const send = async () => {
    const proof = await dpop?.createProof('POST', url);
    const response = await sendRequest(context, url, {
      method: 'POST',
      body,
      headers: proof ? { dpop: proof } : {},
      ...(keepalive && { keepalive }),
    });
    const members = response.body ?? parseTokenEndpointBody(response.text, response.status);
    const hasNewNonce = dpop?.saveNonce(url, response.headers);
    const error = findTokenError(response.status, members, response.headers.get('www-authenticate'));
    return { members, error, hasNewNonce, status: response.status };
  };
  let response = await send();
  // The server requires its nonce in the proof: send the request again with it (RFC 9449 section 8).
  if (response.hasNewNonce && response.error?.error === 'use_dpop_nonce') response = await send();
  const { members, error, status } = response;
  if (error) throw createError(error);
  return { members, status };
}

const createTokenError = (context: BrowserContext, url: string, response: TokenErrorResponse) =>
  new AuthorizationServerError(
    'token_error',
    isDevelopment
      ? `POST ${readAddress(url)} was rejected with ${describeResponse(response)}. ${findTokenRemedy(response.error, context)}`
      : '',
    response,
  );

/** What to do about an error of the token endpoint (RFC 6749 section 5.2, RFC 9449 section 5). */
function findTokenRemedy(error: string, { clientId }: BrowserContext): string {
  if (error === 'invalid_client' || error === 'unauthorized_client')
    return `A client in a browser has no secret: register "${clientId}" at the provider as a public client (single-page application, client authentication "none") with the authorization code flow, and compare clientId.`;
  if (error === 'invalid_grant')
    return 'The code was used before, has expired, or belongs to another redirect URI. Log in again, and compare redirectUri with the registration at the provider.';
  if (error === 'invalid_dpop_proof' || error === 'use_dpop_nonce')
    return 'The provider does not accept the DPoP proof. Compare the clock of the device with the one of the provider; the provider must expose the header DPoP-Nonce to the origin of the page (CORS).';
  return `Compare the registration of the client "${clientId}" at the provider with the options.`;
}

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1 */
function toTokenResponse(context: BrowserContext, body: JsonObject, requestedScope: string): TokenResponse {
  const tokenType = context.options.dpop ? 'DPoP' : 'Bearer';
  // A token that is not bound to the key of this client can be used by an attacker who steals it (RFC 9449 section 5).
  if (readString(body, 'token_type').toLowerCase() !== tokenType.toLowerCase()) {
    throw new ValidationError(
      'token_response_invalid',
      'token_type',
      isDevelopment
        ? `Token response "token_type" is ${JSON.stringify(body.token_type).slice(0, 50)}, expected "${tokenType}". ${
            context.options.dpop
              ? 'The provider does not bind tokens to a DPoP key. Enable DPoP for the client at the provider, or remove the option dpop, in Angular withDPoP().'
              : 'If the provider binds tokens to a DPoP key, set the option dpop, in Angular withDPoP().'
          }`
        : '',
    );
  }
  const lifetime = body.expires_in === undefined ? undefined : Number(body.expires_in);
  if (lifetime !== undefined && !(lifetime >= 0)) {
    throw new ValidationError(
      'token_response_invalid',
      'expires_in',
      isDevelopment
        ? `Token response "expires_in" is ${JSON.stringify(body.expires_in).slice(0, 50)}, expected a number of seconds. Check the lifetime of access tokens at the provider.`
        : '',
    );
  }
  const has = (name: string) => body[name] !== undefined;
  return {
    accessToken: readString(body, 'access_token'),
    tokenType,
    ...(lifetime !== undefined && { expiresAt: seconds(context.now) + Math.floor(lifetime) }),
    // Some providers return an empty scope if the user granted none of it.
    scopes: parseScopes(body.scope === '' ? '' : has('scope') ? readString(body, 'scope') : requestedScope),
    ...(has('refresh_token') && { refreshToken: readString(body, 'refresh_token') }),
    // An ID token of another type is invalid, and costs neither the access token nor the refresh token.
    ...(has('id_token') && { idToken: typeof body.id_token === 'string' ? body.id_token : '' }),
  };
}

function readString(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new ValidationError(
    'token_response_invalid',
    name,
    isDevelopment
      ? `Token response "${name}" is ${value === undefined ? 'missing' : value === '' ? 'empty' : `of the type ${typeof value}`}, expected a text. ${name === 'id_token' ? 'Allow the scope openid for the client at the provider.' : 'Check the response of the token endpoint.'}`
      : '',
  );
}
