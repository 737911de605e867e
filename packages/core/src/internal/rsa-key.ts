import { decodeBase64UrlCharacter } from './encoding.ts';
import type { JsonObject } from './json/json.ts';

/** Bits of a modulus. Fewer can be factored (RFC 7518 section 3.3); with more, one verification costs too much CPU. */
const minModulusBits = 2048;
const maxModulusBits = 8192;

/** Characters of a modulus: 8,192 bits, and some leading zero bytes, which some providers write. */
const maxModulusLength = 1400;

/**
 * True when the public members of an RSA key are sound, whatever platform imports them:
 * the modulus is odd and has 2,048 to 8,192 bits without leading zeros, the exponent is odd, at least 3 and below 2^32.
 *
 * With an exponent of 1 every text is its own signature, and an even one has no inverse (RFC 8017 section 3.1).
 * The work of a verification grows with the bits of the exponent; those in use (3, 17, 65,537) have 17 bits at most.
 *
 * @see RFC 7518 section 6.3.1
 */
export function isSoundRsaKey({ n, e }: JsonObject): boolean {
  if (typeof n !== 'string' || n.length > maxModulusLength || !isBase64Url(n) || !isOdd(n)) return false;
  const bits = bitLength(n);
  return bits >= minModulusBits && bits <= maxModulusBits && isSoundExponent(e);
}

function isSoundExponent(e: unknown): boolean {
  if (e === 'AQAB') return true;
  if (typeof e !== 'string' || e.length > 32 || !isBase64Url(e) || !isOdd(e)) return false;
  const bits = bitLength(e);
  return bits >= 2 && bits <= 32;
}

const isBase64Url = (text: string) => /^[\w-]+$/.test(text) && text.length % 4 !== 1;

/** Bits of the unsigned big-endian number in a base64url text, without leading zeros. */
function bitLength(text: string): number {
  let first = 0;
  while (first < text.length && decodeBase64UrlCharacter(text.charCodeAt(first)) === 0) first++;
  if (first === text.length) return 0;
  const leadingZeros = first * 6 + Math.clz32(decodeBase64UrlCharacter(text.charCodeAt(first))) - 26;
  return Math.max(0, Math.floor((text.length * 3) / 4) * 8 - leadingZeros);
}

/** The lowest bit of the number; the last character of a text may hold bits that belong to no byte. */
function isOdd(text: string): boolean {
  const unused = text.length % 4 === 2 ? 4 : text.length % 4 === 3 ? 2 : 0;
  return ((decodeBase64UrlCharacter(text.charCodeAt(text.length - 1)) >> unused) & 1) === 1;
}
