import { decodeBase64UrlCharacter } from '../encoding.ts';
import type { JsonObject } from '../json/json.ts';

/** Size of a modulus in bits. A smaller one can be factored (RFC 7518 section 3.3), a larger one costs too much CPU. */
const minModulusBits = 2048;
const maxModulusBits = 8192;

/** Maximum length of a modulus in characters: 8,192 bits, and leading zero bytes, which some providers send. */
const maxModulusLength = 1400;

/**
 * Returns true if an RSA public key is secure, independent of the platform's checks. The modulus is odd and has 2,048 to
 * 8,192 bits without leading zeros. The exponent is odd, at least 3 and less than 2^32.
 *
 * With an exponent of 1, each text is its own signature. An even exponent has no inverse (RFC 8017 section 3.1).
 * The cost of a verification grows with the size of the exponent. Common ones (3, 17, 65,537) have at most 17 bits.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-6.3.1
 */
export function isSecureRsaKey({ n, e }: JsonObject): boolean {
  if (typeof n !== 'string' || n.length > maxModulusLength || !isBase64Url(n) || !isOdd(n)) return false;
  const bits = countBits(n);
  return bits >= minModulusBits && bits <= maxModulusBits && isSecureExponent(e);
}

function isSecureExponent(e: unknown): boolean {
  if (e === 'AQAB') return true;
  if (typeof e !== 'string' || e.length > 32 || !isBase64Url(e) || !isOdd(e)) return false;
  const bits = countBits(e);
  return bits >= 2 && bits <= 32;
}

const isBase64Url = (text: string) => /^[\w-]+$/.test(text) && text.length % 4 !== 1;

/** Counts the bits of an unsigned big-endian number in base64url, without leading zeros. */
function countBits(text: string): number {
  let first = 0;
  while (first < text.length && decodeBase64UrlCharacter(text.charCodeAt(first)) === 0) first++;
  if (first === text.length) return 0;
  const leadingZeros = first * 6 + Math.clz32(decodeBase64UrlCharacter(text.charCodeAt(first))) - 26;
  return Math.max(0, Math.floor((text.length * 3) / 4) * 8 - leadingZeros);
}

/** Reads the lowest bit of the number. The last character may contain unused bits. */
function isOdd(text: string): boolean {
  const unusedBits = text.length % 4 === 2 ? 4 : text.length % 4 === 3 ? 2 : 0;
  return ((decodeBase64UrlCharacter(text.charCodeAt(text.length - 1)) >> unusedBits) & 1) === 1;
}
