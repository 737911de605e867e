import { ValidationError, type ValidationErrorCode } from '../../../errors.ts';
import { parseJwtPart } from '../../../internal/json/jwt-part.ts';
import { hasEqualRepeats } from '../../../internal/json/repeated-members.ts';
import { type JsonFault, toCheckName } from '../../../internal/json/untrusted-json.ts';
import { isJwtType } from '../../../protocol/tokens/id-token-claims.ts';

export interface JwtCheck {
  /** The code of the error. */
  readonly code: ValidationErrorCode;
  /** Accepts a repeated claim if all its values are equal. Default: false. */
  readonly equalRepeats?: boolean;
}

/**
 * Checks the JSON of a JWT: header and payload of a JWS, header of a JWE.
 *
 * @throws ValidationError if a part exceeds a limit, is not a JSON object, or repeats a member: parsers disagree about
 *   which of the values counts (RFC 7519 section 4)
 */
export function checkJwt(jwt: string, { code, equalRepeats = false }: JwtCheck): void {
  const parts = jwt.split('.', 6);
  // Only the first of the five parts of a JWE is JSON (RFC 7516 section 7.1).
  const jsonParts = parts.length === 5 ? parts.slice(0, 1) : parts.length === 3 ? parts.slice(0, 2) : [];
  const createError = createJwtError(code);
  const acceptsRepeats = equalRepeats ? hasEqualRepeats : undefined;
  for (const part of jsonParts) parseJwtPart(part, { createError, acceptsRepeats });
}

/** Creates the error for the JSON of a JWT. */
export const createJwtError = (code: ValidationErrorCode) => (fault: JsonFault, problem: string) =>
  new ValidationError(
    code,
    toCheckName(fault),
    `${code.replaceAll('_', ' ')}: the JSON of the JWT ${problem}.`,
  );

/**
 * Returns true if the `typ` header of a JWS is neither absent nor `JWT`, as in access tokens and logout tokens.
 * A token of another type that the provider signs with the same key must not be accepted (RFC 8725 section 3.11).
 */
export function hasOtherJwtType(jws: string): boolean {
  const [header = ''] = jws.split('.', 1);
  return !isJwtType(parseJwtPart(header, { createError: createJwtError('response_malformed') }).typ);
}
