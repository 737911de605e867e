import type { RefreshRequest } from '../../client/grants/refresh.ts';
import type { IdTokenClaims, TokenResponse } from '../../client/wire/token-response.ts';
import { AuthorizationServerError, ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import { requireSameLogin } from '../../protocol/same-login.ts';
import { parseScopes } from '../../protocol/scopes.ts';
import type { BrowserTransaction } from '../login/authorization.ts';
import type { BrowserContext } from '../options.ts';
import { exchange } from './http.ts';
import { validateIdToken } from './id-token.ts';
import { endpointOf } from './metadata.ts';

/**
 * Exchanges the code for tokens; nothing is returned unless everything is valid.
 *
 * @see RFC 6749 section 4.1.3, RFC 7636 section 4.5, OpenID Connect Core section 3.1.3
 */
export async function exchangeCode(
  context: BrowserContext,
  code: string,
  transaction: BrowserTransaction,
): Promise<TokenResponse & { readonly claims: IdTokenClaims }> {
  const body = await tokenRequest(context, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: transaction.redirectUri,
    code_verifier: transaction.codeVerifier,
    resource: transaction.resource[0],
  });
  const claims = await validateIdToken(context, text(body, 'id_token'), {
    ...transaction,
    accessToken: text(body, 'access_token'),
    code,
  });
  return { ...responseOf(context, body, transaction.scope), claims };
}

/** @see RFC 6749 section 6, OpenID Connect Core section 12 */
export async function refresh(
  context: BrowserContext,
  refreshToken: string,
  { resource, scope, claims: kept, grantedScopes }: RefreshRequest,
): Promise<TokenResponse> {
  const { issuer, clientId, tell } = context;
  tell({ type: 'refresh.started', issuer, clientId, ...(resource !== undefined && { resource }) });
  try {
    const body = await tokenRequest(context, {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      resource,
      scope,
    });
    const answer = responseOf(context, body, scope ?? grantedScopes?.join(' ') ?? context.scope);
    if (answer.idToken === undefined) return succeeded(context, answer);
    const { accessToken } = answer;
    const claims = await validateIdToken(context, answer.idToken, { accessToken });
    if (kept) requireSameLogin(claims, kept);
    return succeeded(context, { ...answer, claims });
  } catch (error) {
    tell({ type: 'refresh.failed', issuer, clientId, code: String((error as { code?: unknown }).code) });
    throw error;
  }
}

function succeeded({ issuer, clientId, tell }: BrowserContext, answer: TokenResponse): TokenResponse {
  tell({ type: 'refresh.succeeded', issuer, clientId, rotated: answer.refreshToken !== undefined });
  return answer;
}

async function tokenRequest(
  context: BrowserContext,
  parameters: Record<string, string | undefined>,
): Promise<JsonObject> {
  return postForm(context, await endpointOf(context, 'token_endpoint'), {
    client_id: context.clientId,
    ...parameters,
  });
}

/**
 * One POST to the provider.
 *
 * @throws AuthorizationServerError `token_error` when it refuses
 * @throws ValidationError `token_response_invalid` when the answer is not JSON
 */
export async function postForm(
  context: BrowserContext,
  url: string,
  parameters: URLSearchParams | Record<string, string | undefined>,
): Promise<JsonObject> {
  const body = new URLSearchParams();
  const entries = parameters instanceof URLSearchParams ? parameters : Object.entries(parameters);
  for (const [name, value] of entries) if (value !== undefined) body.append(name, value);
  const dpop = await context.dpop();
  const send = async () => {
    const proof = await dpop?.proof('POST', url);
    const answer = await exchange(context, url, {
      method: 'POST',
      body,
      headers: proof ? { dpop: proof } : {},
    });
    return { ...answer, nonce: dpop?.remember(url, answer.headers) };
  };
  let answer = await send();
  // The server wants its nonce in the proof: once more with it (RFC 9449 section 8).
  if (answer.nonce && answer.body?.error === 'use_dpop_nonce') answer = await send();
  const { status } = answer;
  const { error, error_description: description } = answer.body ?? {};
  if (answer.body && status < 300) return answer.body;
  if (typeof error === 'string') {
    throw new AuthorizationServerError('token_error', 'The provider refused.', {
      error,
      errorDescription: typeof description === 'string' ? description : undefined,
      status,
    });
  }
  throw new ValidationError('token_response_invalid', 'body', `status ${status} without a JSON object`);
}

/** @see RFC 6749 section 5.1 */
function responseOf(context: BrowserContext, body: JsonObject, askedScope: string): TokenResponse {
  const tokenType = context.options.dpop ? 'DPoP' : 'Bearer';
  // A token that is not bound to our key could be used by whoever steals it (RFC 9449 section 5).
  if (text(body, 'token_type').toLowerCase() !== tokenType.toLowerCase()) {
    throw new ValidationError('token_response_invalid', 'token_type', `The token type is not ${tokenType}.`);
  }
  const life = body.expires_in === undefined ? undefined : Number(body.expires_in);
  if (life !== undefined && !(life >= 0)) {
    throw new ValidationError('token_response_invalid', 'expires_in', 'expires_in is not a number.');
  }
  const has = (name: string) => body[name] !== undefined;
  return {
    accessToken: text(body, 'access_token'),
    tokenType,
    ...(life !== undefined && { expiresAt: seconds(context.now) + Math.floor(life) }),
    // Some providers say so when the user has allowed nothing of it.
    scopes: parseScopes(body.scope === '' ? '' : has('scope') ? text(body, 'scope') : askedScope),
    ...(has('refresh_token') && { refreshToken: text(body, 'refresh_token') }),
    ...(has('id_token') && { idToken: text(body, 'id_token') }),
  };
}

function text(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new ValidationError('token_response_invalid', name, `The token response has no ${name}.`);
}
