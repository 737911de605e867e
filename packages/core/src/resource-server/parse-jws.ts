import { decodeBase64Url } from '#platform';
import { decodeBase64UrlCharacter, decodeUtf8, encodeUtf8 } from '../internal/encoding.ts';
import type { JsonObject } from '../internal/json/json.ts';
import { parseUntrustedObject, tokenLimits } from '../internal/json/untrusted-json.ts';
import { findVerifiedHeader } from './caches/verified-headers.ts';
import { invalidToken } from './rejections/rejection.ts';

/** A parsed JWS in compact serialization. Nothing in it is verified. */
export interface CompactJws {
  readonly header: JsonObject;
  /** The header as it was received. */
  readonly encodedHeader: string;
  readonly payload: JsonObject;
  readonly signature: Uint8Array;
  /** The JWS signing input. RFC 7515 section 5.1. */
  readonly data: Uint8Array;
}

interface ParseOptions {
  /** Name of the JWS in messages. Default: `access token`. */
  readonly name?: string;
  /** Result of an earlier `splitJws`. */
  readonly parts?: readonly string[] | undefined;
}

const compactPattern = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/** Splits a compact JWS into its three encoded parts; `undefined` for any other text. */
export const splitJws = (token: string): readonly string[] | undefined =>
  compactPattern.exec(token)?.slice(1);

/**
 * Parses a compact JWS. Rejects malformed base64url, UTF-8 and JSON, repeated members and critical headers. RFC 7515
 * sections 3.1, 4 and 5.2.
 */
export function parseJws(
  token: string,
  { name = 'access token', parts = splitJws(token) }: ParseOptions = {},
): CompactJws {
  if (!parts) throw invalidToken('format', `The ${name} is not a JWT`);
  const [protectedHeader = '', encodedPayload = '', encodedSignature = ''] = parts;
  return {
    header: parseHeader(protectedHeader, name),
    encodedHeader: protectedHeader,
    payload: parseObject(encodedPayload, 'payload', name),
    signature: decodePart(encodedSignature, 'signature', name),
    data: encodeUtf8(token.slice(0, protectedHeader.length + 1 + encodedPayload.length)),
  };
}

function parseHeader(encodedPart: string, name: string): JsonObject {
  const cachedHeader = findVerifiedHeader(encodedPart);
  if (cachedHeader) return cachedHeader;
  const header = parseObject(encodedPart, 'header', name);
  // RFC 7515 section 4.1.11: a critical extension must be understood. None is supported, and therefore no unencoded payload
  // (RFC 7797).
  if (header.crit !== undefined || header.b64 !== undefined) {
    throw invalidToken('crit', `The ${name} has an unsupported critical header`);
  }
  return header;
}

function parseObject(encodedPart: string, part: string, name: string): JsonObject {
  let json: string;
  try {
    json = decodeUtf8(decodePart(encodedPart, part, name));
  } catch {
    throw invalidToken(part, `The ${part} of the ${name} is malformed`);
  }
  // RFC 7515 section 4: member names must be unique, otherwise two parsers could read different values. Depth and member
  // count are limited before any recursive code runs, since an unauthenticated client can send any token.
  return parseUntrustedObject(json, {
    limits: tokenLimits,
    createError: (_, problem) => invalidToken(part, `The ${part} of the ${name} is malformed: it ${problem}`),
  });
}

function decodePart(encodedPart: string, part: string, name: string): Uint8Array {
  // The unused bits of the last character must be zero: otherwise one token would have several spellings.
  const rest = encodedPart.length % 4;
  const unusedBits = rest === 2 ? 15 : rest === 3 ? 3 : 0;
  if (
    rest === 1 ||
    (decodeBase64UrlCharacter(encodedPart.charCodeAt(encodedPart.length - 1)) & unusedBits) !== 0
  ) {
    throw invalidToken(part, `The ${part} of the ${name} is malformed`);
  }
  return decodeBase64Url(encodedPart);
}
