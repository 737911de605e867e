import { AccessTokenError, type AccessTokenErrorCode } from '../../errors.ts';
import type { Rejection } from './rejection.ts';

export interface ChallengeOptions {
  /** RFC 9110 section 11.5. Default: none. */
  readonly realm?: string | undefined;
  /** URL of the protected resource metadata. RFC 9728 section 5.1. Default: none. */
  readonly resourceMetadata?: string | undefined;
  /** Accepted schemes, in order of preference. */
  readonly schemes: readonly ('Bearer' | 'DPoP')[];
  /** Accepted algorithms of DPoP proofs. RFC 9449 section 7.1. */
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

/** Converts a rejection to an error with HTTP status and challenges. */
export function toAccessTokenError(
  rejection: Rejection,
  scheme: 'Bearer' | 'DPoP' | undefined,
  options: ChallengeOptions,
): AccessTokenError {
  const { code, message, check, details } = rejection;
  return new AccessTokenError(code, message, {
    check,
    status: statuses[code],
    challenges: createChallenges(rejection, details.scheme ?? scheme, options),
    ...(details.nonce !== undefined && {
      headers: { 'DPoP-Nonce': details.nonce, 'Cache-Control': 'no-store' },
    }),
  });
}

/**
 * Creates the values of `WWW-Authenticate`. A 401 has one challenge per accepted scheme, with the error in the scheme that
 * the request used. RFC 6750 section 3, RFC 9449 section 7, RFC 9470 section 3, RFC 9728 section 5.1.
 */
function createChallenges(
  rejection: Rejection,
  requestScheme: 'Bearer' | 'DPoP' | undefined,
  options: ChallengeOptions,
): readonly string[] {
  // The user is rejected, not the credential: another token would not help.
  if (rejection.code === 'access_denied') return [];
  const isAccepted = requestScheme !== undefined && options.schemes.includes(requestScheme);
  const errorScheme = isAccepted ? requestScheme : options.schemes[0];
  // Only a 401 requests other credentials. Any other status is about the credentials of the request.
  const schemes =
    statuses[rejection.code] === 401 || errorScheme === undefined ? options.schemes : [errorScheme];
  return schemes.map((scheme) => {
    const parameters: [string, string][] = [];
    if (options.realm !== undefined) parameters.push(['realm', options.realm]);
    // RFC 6750 section 3.1: a request without credentials gets no error code and no other information.
    if (rejection.code !== 'token_missing' && scheme === errorScheme) {
      parameters.push(['error', rejection.code], ['error_description', rejection.message]);
      const { scope, acrValues, maxAge } = rejection.details;
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
 * Formats one challenge, a value of `WWW-Authenticate`. Each parameter becomes a quoted string. Characters that are not
 * allowed in one are replaced by `'` or `?`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 * @example
 * ```ts
 * import { formatChallenge } from '@countersign/core/resource-server';
 *
 * formatChallenge('Bearer', [['realm', 'items'], ['error', 'invalid_token']]);
 * // Bearer realm="items", error="invalid_token"
 * ```
 */
export function formatChallenge(scheme: string, parameters: readonly (readonly [string, string])[]): string {
  const list = parameters.map(([name, value]) => `${name}="${toQuotable(value)}"`).join(', ');
  return list === '' ? scheme : `${scheme} ${list}`;
}

/** RFC 6750 section 3: `error_description` allows printable ASCII without `"` and `\`. */
const toQuotable = (value: string): string => value.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, '?');
