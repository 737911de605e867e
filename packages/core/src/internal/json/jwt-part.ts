import { decodeUtf8, fromBase64Url } from '../encoding.ts';
import type { JsonObject } from './json.ts';
import { parseUntrustedObject, tokenLimits, type UntrustedJsonOptions } from './untrusted-json.ts';

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
  options: Omit<UntrustedJsonOptions, 'limits'> & Required<Pick<UntrustedJsonOptions, 'createError'>>,
): JsonObject {
  let text: string;
  try {
    text = decodeUtf8(fromBase64Url(encodedPart));
  } catch {
    throw options.createError('syntax', 'is not base64url of UTF-8 text');
  }
  return parseUntrustedObject(text, { ...options, limits: tokenLimits });
}
