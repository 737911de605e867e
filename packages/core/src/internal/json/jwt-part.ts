import { fromBase64Url, textOf } from '../encoding.ts';
import { type ForeignJsonOptions, parseForeignObject, tokenLimits } from './foreign-json.ts';
import type { JsonObject } from './json.ts';

/**
 * Parses one part of a JWS or JWE, a header or a payload that is base64url of a JSON object.
 *
 * @throws what `refuse` creates
 * @see RFC 7515 section 5.2, RFC 7516 section 5.2, RFC 7519 section 7.2
 */
export function parseJwtPart(
  encoded: string,
  options: Omit<ForeignJsonOptions, 'limits'> & Required<Pick<ForeignJsonOptions, 'refuse'>>,
): JsonObject {
  let text: string;
  try {
    text = textOf(fromBase64Url(encoded));
  } catch {
    throw options.refuse('syntax', 'is not base64url of UTF-8 text');
  }
  return parseForeignObject(text, { ...options, limits: tokenLimits });
}
