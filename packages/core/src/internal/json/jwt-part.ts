import { decodeUtf8, fromBase64Url } from '../encoding.ts';
import { hasEscapedName } from './escaped-names.ts';
import type { JsonObject } from './json.ts';
import { parseUntrustedObject, tokenLimits, type UntrustedJsonOptions } from './untrusted-json.ts';

type JwtPartOptions = Required<Pick<UntrustedJsonOptions, 'createError'>>;

/**
 * Parses the header or payload of a JWS or JWE: base64url of a JSON object.
 *
 * @throws the result of `createError`
 * @see https://www.rfc-editor.org/rfc/rfc7515#section-5.2
 * @see https://www.rfc-editor.org/rfc/rfc7516#section-5.2
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-7.2
 */
export function parseJwtPart(
  encodedPart: string,
  options: JwtPartOptions & Pick<UntrustedJsonOptions, 'acceptsRepeats'>,
): JsonObject {
  return parseUntrustedObject(decodeJwtPart(encodedPart, options), { ...options, limits: tokenLimits });
}

/** Checks whether a member name of a part contains an escape. @param encodedPart a part that was parsed */
export const hasEscapedNameInPart = (encodedPart: string, options: JwtPartOptions): boolean =>
  hasEscapedName(decodeJwtPart(encodedPart, options));

function decodeJwtPart(encodedPart: string, { createError }: JwtPartOptions): string {
  try {
    return decodeUtf8(fromBase64Url(encodedPart));
  } catch {
    throw createError('syntax', 'is not base64url of UTF-8 text');
  }
}
