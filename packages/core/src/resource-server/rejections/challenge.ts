import { AccessTokenError, type AccessTokenErrorCode } from '../../errors.ts';
import type { Rejection } from './rejection.ts';

export interface ChallengeOptions {
  /** The `realm` of every challenge; rarely needed. @see RFC 9110 section 11.5 */
  readonly realm?: string | undefined;
  /** URL of the protected resource's metadata, named in every challenge. @see RFC 9728 section 5.1 */
  readonly resourceMetadata?: string | undefined;
  /** Schemes that are taken, in order of preference. */
  readonly schemes: readonly ('Bearer' | 'DPoP')[];
  /** Algorithms that proofs may use. @see RFC 9449 section 7.1 */
  readonly dpopAlgorithms: readonly string[];
}

const statuses: Readonly<Record<AccessTokenErrorCode, 400 | 401 | 403>> = {
  token_missing: 401,
  invalid_request: 400,
  invalid_token: 401,
  insufficient_scope: 403,
  invalid_dpop_proof: 401,
  use_dpop_nonce: 401,
  insufficient_user_authentication: 401,
  access_denied: 403,
};

/** Puts a refusal into the words of HTTP. */
export function toAccessTokenError(
  refusal: Rejection,
  scheme: 'Bearer' | 'DPoP' | undefined,
  options: ChallengeOptions,
): AccessTokenError {
  const { code, message, details } = refusal;
  return new AccessTokenError(code, message, {
    status: statuses[code],
    challenges: challengesOf(refusal, details.scheme ?? scheme, options),
    ...(details.nonce !== undefined && {
      headers: { 'DPoP-Nonce': details.nonce, 'Cache-Control': 'no-store' },
    }),
  });
}

/**
 * The values of `WWW-Authenticate`: for a 401 one challenge for each scheme that is taken, the error only in the one
 * that the request used.
 *
 * @see RFC 6750 section 3, RFC 9449 section 7, RFC 9470 section 3, RFC 9728 section 5.1
 */
function challengesOf(
  refusal: Rejection,
  used: 'Bearer' | 'DPoP' | undefined,
  options: ChallengeOptions,
): readonly string[] {
  // Another token would not help: what is refused is the user, not the credential.
  if (refusal.code === 'access_denied') return [];
  const about = used !== undefined && options.schemes.includes(used) ? used : options.schemes[0];
  // Only a 401 asks for other credentials; what else is wrong, is wrong with those that came.
  const schemes = statuses[refusal.code] === 401 || about === undefined ? options.schemes : [about];
  return schemes.map((scheme) => {
    const parameters: [string, string][] = [];
    if (options.realm !== undefined) parameters.push(['realm', options.realm]);
    // RFC 6750 section 3.1: without credentials, no error code and no other hint.
    if (refusal.code !== 'token_missing' && scheme === about) {
      parameters.push(['error', refusal.code], ['error_description', refusal.message]);
      const { scope, acrValues, maxAge } = refusal.details;
      if (scope?.length) parameters.push(['scope', scope.join(' ')]);
      if (acrValues?.length) parameters.push(['acr_values', acrValues.join(' ')]);
      if (maxAge !== undefined) parameters.push(['max_age', String(maxAge)]);
    }
    if (options.resourceMetadata !== undefined)
      parameters.push(['resource_metadata', options.resourceMetadata]);
    if (scheme === 'DPoP') parameters.push(['algs', options.dpopAlgorithms.join(' ')]);
    return formatChallenge(scheme, parameters);
  });
}

/**
 * One challenge, a value of `WWW-Authenticate`, with every parameter as a quoted string. Characters that may not stand
 * in one are replaced.
 *
 * @see RFC 9110 sections 5.6.4 and 11.6.1, RFC 6750 section 3
 */
export function formatChallenge(scheme: string, parameters: readonly (readonly [string, string])[]): string {
  const list = parameters.map(([name, value]) => `${name}="${quotable(value)}"`).join(', ');
  return list === '' ? scheme : `${scheme} ${list}`;
}

/** Printable ASCII without `"` and `\`, the only characters that `error_description` allows (RFC 6750 section 3). */
const quotable = (value: string): string => value.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, '?');
