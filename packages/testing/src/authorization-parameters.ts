import { createLocalJWKSet, decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import { OAuthError } from './errors.ts';
import type { OfflineFacts } from './flavours/flavour.ts';
import type { TestClient } from './options.ts';
import type { ServerState } from './state.ts';
import { getTokenIssuer } from './wire/flavour-context.ts';
import { checkRejectedParameters, createRejection } from './wire/rejection.ts';

/** Returns the parameters of the request, or of its request object (RFC 9101). */
export async function openRequestObject(
  state: ServerState,
  client: TestClient,
  outer: URLSearchParams,
): Promise<URLSearchParams> {
  const request = outer.get('request');
  if (request === null) return outer;
  let claims: Record<string, unknown>;
  try {
    const keys = createLocalJWKSet({ keys: [...(client.jwks?.keys ?? [])] });
    const { payload } = await jwtVerify(request, keys, {
      issuer: client.clientId,
      audience: state.issuer,
      typ: 'oauth-authz-req+jwt',
      requiredClaims: ['exp', 'jti'],
      currentDate: new Date(state.clock.now()),
    });
    claims = payload;
  } catch {
    throw new OAuthError('invalid_request_object', 'the request object is not valid');
  }
  if (outer.get('client_id') !== claims.client_id)
    throw new OAuthError('invalid_request_object', 'client_id differs');
  const inner = new URLSearchParams();
  for (const [name, value] of Object.entries(claims)) {
    if (['iss', 'aud', 'exp', 'iat', 'nbf', 'jti'].includes(name)) continue;
    for (const each of Array.isArray(value) && name === 'resource' ? value : [value]) {
      inner.append(name, typeof each === 'string' ? each : JSON.stringify(each));
    }
  }
  return inner;
}

/**
 * Requires the parameters that an OpenID request repeats beside its request object.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RequestObject
 */
export function checkOpenidParameters(outer: URLSearchParams, inner: URLSearchParams): void {
  if (!outer.has('request') || !inner.get('scope')?.split(' ').includes('openid')) return;
  for (const name of ['response_type', 'scope']) {
    if (outer.get(name) !== inner.get(name))
      throw new OAuthError('invalid_request', `${name} beside the request object is missing or differs`);
  }
}

/**
 * Reads an ID token of this server, as hint for a login or logout. It may have expired. An ID token that is encrypted for
 * the client cannot be read.
 *
 * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#ValidationAndErrorHandling
 */
export function readIdTokenHint(state: ServerState, hint: string): JWTPayload {
  try {
    const claims = decodeJwt(hint);
    if (claims.iss === getTokenIssuer(state, claims.sub)) return claims;
  } catch {
    // The error below.
  }
  throw new OAuthError('invalid_request', 'id_token_hint is not an ID token of this server');
}

/** Checks the parameters of each authorization request, pushed or not. */
export function checkAuthorizationParameters(
  state: ServerState,
  client: TestClient,
  parameters: URLSearchParams,
): void {
  const repeatedName = [...parameters.keys()].find(
    (name, index, names) => name !== 'resource' && names.indexOf(name) !== index,
  );
  if (repeatedName !== undefined) throw new OAuthError('invalid_request', `${repeatedName} is repeated`);
  if (parameters.get('response_type') !== 'code')
    throw new OAuthError('unsupported_response_type', 'only code');
  const isPkceAbsent = state.flavour.pkce === 'optional' && !parameters.has('code_challenge');
  if (
    !isPkceAbsent &&
    (parameters.get('code_challenge_method') !== 'S256' ||
      !/^[\w-]{43}$/.test(parameters.get('code_challenge') ?? ''))
  ) {
    throw new OAuthError('invalid_request', 'PKCE with S256 is required');
  }
  const redirectUri = parameters.get('redirect_uri') ?? '';
  if (!URL.canParse(redirectUri)) throw new OAuthError('invalid_request', 'redirect_uri is missing');
  if (client.redirectUris && !client.redirectUris.some((registered) => matches(registered, redirectUri))) {
    throw new OAuthError('invalid_request', 'redirect_uri is not registered');
  }
}

/** Throws if the provider rejects the request. `place` is where the user sees the error. */
export function checkProviderRules(
  state: ServerState,
  parameters: URLSearchParams,
  place: 'page' | 'redirect',
): void {
  if (place === 'redirect') checkRejectedParameters(state, parameters);
  const scopes = splitScope(parameters);
  const problem = state.flavour.findRequestError?.({ scopes, parameters });
  if (problem && (problem.page === true) === (place === 'page')) {
    throw createRejection(problem, new OAuthError('invalid_request', 'the request is not valid'));
  }
}

/** Decides whether a login issues a refresh token. */
export const issuesRefreshToken = ({ flavour }: ServerState, facts: OfflineFacts): boolean =>
  flavour.issuesRefreshToken?.(facts) ?? facts.scopes.includes('offline_access');

export const splitScope = (parameters: URLSearchParams) =>
  (parameters.get('scope') ?? '').split(' ').filter(Boolean);

function matches(registered: string, actual: string): boolean {
  if (registered === actual) return true;
  const [registeredUrl, actualUrl] = [new URL(registered), new URL(actual)];
  if (!/^(127\.0\.0\.1|\[::1\])$/.test(registeredUrl.hostname)) return false;
  registeredUrl.port = '';
  actualUrl.port = '';
  return registeredUrl.href === actualUrl.href;
}
