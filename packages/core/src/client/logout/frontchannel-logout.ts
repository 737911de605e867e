import { ValidationError } from '../../errors.ts';
import { isIssuer } from '../../protocol/tokens/token-issuer.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';

/** A validated front-channel logout request. */
export interface FrontchannelLogout {
  /** The provider's session that ended. If absent, the session of the browser that sent the request ended. */
  readonly sid?: string;
}

/**
 * Validates a front-channel logout request, which the provider sends from an iframe in the user's browser. The request is
 * not authenticated: with `sid`, end only the session with this `sid`.
 *
 * @param request the URL of the request, or its query
 * @throws ValidationError `request_invalid` if `iss` is another issuer, or if only one of `iss` and `sid` is present
 * @see https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout
 * @example
 * ```ts
 * import { type Client, validateFrontchannelLogout } from '@countersign/core';
 *
 * function endsSession(client: Client, request: Request, sid: string | undefined): boolean {
 *   const logout = validateFrontchannelLogout(client, new URL(request.url));
 *   return logout.sid === undefined || logout.sid === sid;
 * }
 * ```
 */
export function validateFrontchannelLogout(
  client: Client,
  request: URL | URLSearchParams,
): FrontchannelLogout {
  const parameters = request instanceof URL ? request.searchParams : request;
  const [iss, sid] = [parameters.getAll('iss'), parameters.getAll('sid')];
  // If one of them is sent, both are required (section 2).
  if (iss.length !== sid.length || iss.length > 1) {
    throw invalid('sid', '"iss" and "sid" must both be present once, or both be absent');
  }
  if (iss[0] !== undefined && !isIssuer(getClientContext(client).issuerRule, iss[0]))
    throw invalid('iss', `"iss" is not "${client.issuer}"`);
  return sid[0] === undefined ? {} : { sid: sid[0] };
}

const invalid = (check: string, problem: string) =>
  new ValidationError('request_invalid', check, `Front-channel logout request: ${problem}`);
