import { ValidationError } from '../../errors.ts';
import { isIssuer } from '../../protocol/tokens/token-issuer.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';

/** A validated request to start a login. */
export interface ThirdPartyLogin {
  /** Identifies the user who is expected to log in. */
  readonly loginHint?: string;
  /** Where to redirect the user after login. It is untrusted: compare its origin with the application's. */
  readonly targetLinkUri?: URL;
}

/**
 * Parses a request to the `initiate_login_uri`. Start a login with {@link createAuthorizationRequest} afterwards.
 * The request is not authenticated: an attacker can send a user here, so do nothing else but start a login.
 *
 * @param request the URL of the request, its query, or its form
 * @throws ValidationError `request_invalid` if `iss` is another issuer, or if a parameter is repeated or malformed
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ThirdPartyInitiatedLogin
 * @example
 * ```ts
 * import { type Client, createAuthorizationRequest, parseThirdPartyLogin } from '@countersign/core';
 *
 * async function startLogin(client: Client, request: Request) {
 *   const { loginHint } = parseThirdPartyLogin(client, new URL(request.url));
 *   return createAuthorizationRequest(client, loginHint === undefined ? {} : { loginHint });
 * }
 * ```
 */
export function parseThirdPartyLogin(client: Client, request: URL | URLSearchParams): ThirdPartyLogin {
  const parameters = request instanceof URL ? request.searchParams : request;
  for (const name of ['iss', 'login_hint', 'target_link_uri']) {
    if (parameters.getAll(name).length > 1) throw invalid(name, `"${name}" is repeated`);
  }
  // Otherwise a link could choose the provider that logs the user in.
  if (!isIssuer(getClientContext(client).issuerRule, parameters.get('iss')))
    throw invalid('iss', `"iss" is not "${client.issuer}"`);
  const loginHint = parameters.get('login_hint');
  const target = parameters.get('target_link_uri');
  if (target !== null && !(URL.canParse(target) && /^https?:$/.test(new URL(target).protocol))) {
    throw invalid('target_link_uri', '"target_link_uri" is not an http or https URL');
  }
  return {
    ...(loginHint !== null && { loginHint }),
    ...(target !== null && { targetLinkUri: new URL(target) }),
  };
}

const invalid = (check: string, problem: string) =>
  new ValidationError('request_invalid', check, `Third-party login request: ${problem}`);
