import { fromBase64Url, textOf, utf8 } from '../internal/encoding.ts';
import { findDuplicateMember, isJsonObject, type JsonObject } from '../internal/json.ts';
import { invalidToken } from './refusal.ts';

/** A JWS in compact serialisation, taken apart and not yet believed. */
export interface CompactJws {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  readonly signature: Uint8Array;
  /** What was signed. */
  readonly data: Uint8Array;
}

const shape = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/** True for the shape of a compact JWS; everything else is opaque. */
export const looksLikeJws = (token: string): boolean => shape.test(token);

/**
 * Takes a compact JWS apart. Malformed base64url, UTF-8 or JSON, a repeated member and an unknown critical header
 * are refused before anything is believed.
 *
 * @see RFC 7515 sections 3.1, 4 and 5.2
 */
export function parseJws(token: string, what = 'access token'): CompactJws {
  const match = shape.exec(token);
  if (!match) throw invalidToken('format', `The ${what} is not a JWT`);
  const [, protectedHeader = '', encodedPayload = '', encodedSignature = ''] = match;
  const header = objectOf(protectedHeader, 'header', what);
  // RFC 7515 section 4.1.11: an extension that is not understood must not be passed over; none is understood here,
  // and so neither is an unencoded payload (RFC 7797).
  if (header.crit !== undefined || header.b64 !== undefined) {
    throw invalidToken('crit', `The ${what} has a critical header that is not understood`);
  }
  return {
    header,
    payload: objectOf(encodedPayload, 'payload', what),
    signature: bytesOf(encodedSignature, 'signature', what),
    data: utf8(token.slice(0, protectedHeader.length + 1 + encodedPayload.length)),
  };
}

function objectOf(encoded: string, part: string, what: string): JsonObject {
  let value: unknown;
  let json: string;
  try {
    json = textOf(bytesOf(encoded, part, what));
    value = JSON.parse(json);
  } catch {
    throw invalidToken(part, `The ${part} of the ${what} is malformed`);
  }
  // RFC 7515 section 4: member names are unique, or two readers of one token would see two tokens.
  if (!isJsonObject(value) || findDuplicateMember(json) !== undefined) {
    throw invalidToken(part, `The ${part} of the ${what} is malformed`);
  }
  return value;
}

function bytesOf(encoded: string, part: string, what: string): Uint8Array {
  // Unused bits of the last character must be zero: otherwise one token could be written in several ways.
  const spare = encoded.length % 4 === 2 ? 15 : encoded.length % 4 === 3 ? 3 : 0;
  try {
    if ((sextet(encoded.charCodeAt(encoded.length - 1)) & spare) === 0) return fromBase64Url(encoded);
  } catch {
    // Refused below.
  }
  throw invalidToken(part, `The ${part} of the ${what} is malformed`);
}

/** The six bits of a base64url character. */
function sextet(code: number): number {
  if (code >= 97) return code - 71;
  if (code === 95) return 63;
  if (code >= 65) return code - 65;
  return code === 45 ? 62 : code + 4;
}
