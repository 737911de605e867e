import type { AuthorizationRequest } from '../login/authorization-request.ts';
import { parseChallenges } from './challenges.ts';

/** The login that an API asks for: give it to {@link createAuthorizationRequest}. */
export type StepUp = Pick<AuthorizationRequest, 'acrValues' | 'maxAge' | 'scope'>;

/**
 * Reads what an API asks for before it answers: a stronger or more recent login (RFC 9470), or a wider scope (RFC 6750).
 * `undefined` when it asks for neither.
 *
 * @param answer the API's response, or its headers
 * @see RFC 9470 section 3, RFC 6750 section 3.1
 */
export function parseStepUpChallenge(answer: Response | Headers): StepUp | undefined {
  const headers = answer instanceof Headers ? answer : answer.headers;
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
