import type { AuthorizationRequest } from '../login/authorization-request.ts';
import { parseChallenges } from './challenges.ts';

/** The login that an API requires. Pass it to {@link createAuthorizationRequest}. */
export type StepUp = Pick<AuthorizationRequest, 'acrValues' | 'maxAge' | 'scope'>;

/**
 * Reads the login that an API requires from its response: a stronger or more recent authentication (RFC 9470), or a wider
 * scope (RFC 6750). Returns `undefined` if the API requires neither.
 *
 * @param response the API's response, or its headers
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 * @example
 * ```ts
 * import { type Client, createAuthorizationRequest, parseStepUpChallenge } from '@countersign/core';
 *
 * async function startStepUp(client: Client, response: Response) {
 *   const stepUp = parseStepUpChallenge(response);
 *   return stepUp && createAuthorizationRequest(client, stepUp);
 * }
 * ```
 */
export function parseStepUpChallenge(response: Response | Headers): StepUp | undefined {
  const headers = response instanceof Headers ? response : response.headers;
  for (const { scheme, parameters } of parseChallenges(headers.get('www-authenticate'))) {
    if (scheme !== 'bearer' && scheme !== 'dpop') continue;
    const { error, acr_values: acrValues, max_age: maxAge, scope } = parameters;
    if (error === 'insufficient_user_authentication') {
      return {
        ...(acrValues && { acrValues: acrValues.split(' ').filter(Boolean) }),
        ...(maxAge !== undefined && /^\d{1,9}$/.test(maxAge) && { maxAge: Number(maxAge) }),
        ...(scope && { scope }),
      };
    }
    if (error === 'insufficient_scope' && scope) return { scope };
  }
  return undefined;
}
