import { decodeBase64Url } from '#platform';
import { decodeBase64UrlCharacter, decodeUtf8, encodeUtf8 } from '../internal/encoding.ts';
import { deepFreeze, type JsonObject } from '../internal/json/json.ts';
import { parseUntrustedObject, tokenLimits } from '../internal/json/untrusted-json.ts';
import { invalidToken } from './rejections/rejection.ts';

/** A JWS in compact serialisation, taken apart and not yet believed. */
export interface CompactJws {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  readonly signature: Uint8Array;
  /** What was signed. */
  readonly data: Uint8Array;
}

interface ParseOptions {
  /** Stands in messages. Default: `access token`. */
  readonly what?: string;
  /** The token as `splitJws` has split it before. */
  readonly parts?: readonly string[] | undefined;
}

const shape = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/** Header, payload and signature, encoded; `undefined` for everything that has not the shape of a compact JWS. */
export const splitJws = (token: string): readonly string[] | undefined => shape.exec(token)?.slice(1);

/**
 * Takes a compact JWS apart. Malformed base64url, UTF-8 or JSON, a repeated member and an unknown critical header
 * are refused before anything is believed.
 *
 * @see RFC 7515 sections 3.1, 4 and 5.2
 */
export function parseJws(
  token: string,
  { what = 'access token', parts = splitJws(token) }: ParseOptions = {},
): CompactJws {
  if (!parts) throw invalidToken('format', `The ${what} is not a JWT`);
  const [protectedHeader = '', encodedPayload = '', encodedSignature = ''] = parts;
  return {
    header: headerOf(protectedHeader, what),
    payload: objectOf(encodedPayload, 'payload', what),
    signature: bytesOf(encodedSignature, 'signature', what),
    data: encodeUtf8(token.slice(0, protectedHeader.length + 1 + encodedPayload.length)),
  };
}

// Tokens of one key have one header, letter by letter, and need not have it read again.
const headers = new Map<string, JsonObject>();
const headersAtMost = 50;

function headerOf(encoded: string, what: string): JsonObject {
  const known = headers.get(encoded);
  if (known) return known;
  const header = deepFreeze(objectOf(encoded, 'header', what));
  // RFC 7515 section 4.1.11: an extension that is not understood must not be passed over; none is understood here,
  // and so neither is an unencoded payload (RFC 7797).
  if (header.crit !== undefined || header.b64 !== undefined) {
    throw invalidToken('crit', `The ${what} has a critical header that is not understood`);
  }
  // A DPoP proof brings its own key, so that its header says less about the next one.
  if (header.jwk === undefined && encoded.length <= 300) {
    if (headers.size >= headersAtMost) headers.clear();
    headers.set(encoded, header);
  }
  return header;
}

function objectOf(encoded: string, part: string, what: string): JsonObject {
  let json: string;
  try {
    json = decodeUtf8(bytesOf(encoded, part, what));
  } catch {
    throw invalidToken(part, `The ${part} of the ${what} is malformed`);
  }
  // RFC 7515 section 4: member names are unique, or two readers of one token would see two tokens. Depth and number of
  // members are limited before anything recursive reads them: anybody can send a token.
  return parseUntrustedObject(json, {
    limits: tokenLimits,
    refuse: (_, problem) => invalidToken(part, `The ${part} of the ${what} is malformed: it ${problem}`),
  });
}

function bytesOf(encoded: string, part: string, what: string): Uint8Array {
  // Unused bits of the last character must be zero: otherwise one token could be written in several ways.
  const rest = encoded.length % 4;
  const spare = rest === 2 ? 15 : rest === 3 ? 3 : 0;
  if (rest === 1 || (decodeBase64UrlCharacter(encoded.charCodeAt(encoded.length - 1)) & spare) !== 0) {
    throw invalidToken(part, `The ${part} of the ${what} is malformed`);
  }
  return decodeBase64Url(encoded);
}
