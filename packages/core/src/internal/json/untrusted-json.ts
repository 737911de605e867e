import { ValidationError } from '../../errors.ts';
import { isDevelopment } from '../development.ts';
import { hasEscapedName, parseEscapedNames } from './escaped-names.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { keepRejectedText } from './rejected-text.ts';
import { findStringEnd } from './string-end.ts';

/** Limits of one JSON text. */
export interface JsonLimits {
  /** Maximum length in characters. */
  readonly maxLength: number;
  /** Maximum nesting depth of objects and arrays. */
  readonly maxDepth: number;
  /** Maximum count of members and array elements. */
  readonly maxValues: number;
}

/** Why a text is rejected: the exceeded limit, or its syntax. */
export type JsonFault = 'syntax' | 'object' | 'duplicate' | 'length' | 'depth' | 'values' | 'number';

/** Limits of provider responses. The reader limits their length in bytes. */
export const responseLimits: JsonLimits = { maxLength: 67_108_864, maxDepth: 32, maxValues: 100_000 };

/** Limits of the header and payload of a JWT. No known claim set nests deeper than 10 levels. */
export const tokenLimits: JsonLimits = { maxLength: 1_048_576, maxDepth: 32, maxValues: 50_000 };

/** Limits of data that the application stored: claims and session data. */
export const storedLimits: JsonLimits = { maxLength: 16_777_216, maxDepth: 128, maxValues: 1_000_000 };

export interface UntrustedJsonOptions {
  /** Default: {@link responseLimits}. */
  readonly limits?: JsonLimits;
  /** Creates the error. Default: a ValidationError `response_malformed`. */
  readonly createError?: (fault: JsonFault, problem: string) => Error;
  /** Accepts repeated members of a text: `hasEqualRepeats`, because all parsers agree on it. Default: none is accepted. */
  readonly acceptsRepeats?: ((text: string) => boolean) | undefined;
}

/**
 * Maximum length of a number in characters. A double needs 25. More digits cost time, and parsers round them differently
 * (RFC 8259 section 6).
 */
const maxNumberLength = 64;

/**
 * Parses an untrusted JSON text. All JSON that the application did not create is parsed here.
 * The functions are not recursive: they scan the text once, parse it, and count its members.
 *
 * A repeated member name is rejected at each depth, because parsers disagree about which value counts
 * (RFC 8259 section 4). `JSON.parse` returns only one of them, so the count of members differs from the scan. This also
 * finds names with different escapes.
 *
 * @throws the result of `createError`. By default a ValidationError `response_malformed` with the check `json` if the text
 *   is malformed, and `json_length`, `json_depth`, `json_values` or `json_number` if it exceeds a limit
 */
export function parseUntrustedJson(text: string, options: UntrustedJsonOptions = {}): unknown {
  const scanResult = checkJsonLimits(text, options.limits ?? responseLimits);
  if (typeof scanResult !== 'number') throw createFaultError(scanResult, text, options);
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (hasEscapedName(text)) value = parseEscapedNames(text);
  } catch {
    throw createFaultError('syntax', text, options);
  }
  const members = countMembers(value);
  if (members === undefined) throw createFaultError('number', text, options);
  if (members !== scanResult && !options.acceptsRepeats?.(text))
    throw createFaultError('duplicate', text, options);
  return value;
}

/** As {@link parseUntrustedJson}, for a text that must be a JSON object. */
export function parseUntrustedObject(text: string, options: UntrustedJsonOptions = {}): JsonObject {
  const value = parseUntrustedJson(text, options);
  if (isJsonObject(value)) return value;
  throw createFaultError('object', text, options);
}

function createFaultError(
  fault: JsonFault,
  text: string,
  { limits = responseLimits, createError = createResponseError }: UntrustedJsonOptions,
): Error {
  const error = createError(fault, describeFault(fault, limits));
  const isResponse = error instanceof ValidationError && error.code === 'response_malformed';
  return isResponse ? keepRejectedText(error, text) : error;
}

/**
 * Scans a text once, without its strings. The text may be malformed.
 *
 * @returns the count of members, which is exact for a well-formed text, or the exceeded limit
 */
export function checkJsonLimits(
  text: string,
  { maxLength, maxDepth, maxValues }: JsonLimits,
): number | JsonFault {
  if (text.length > maxLength) return 'length';
  let depth = 0;
  let members = 0;
  let values = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      i = findStringEnd(text, i);
      if (i === -1) return 'syntax';
    } else if (code === 0x3a) members++;
    else if (code === 0x2c) values++;
    else if (code === 0x7b || code === 0x5b) {
      values++;
      if (++depth > maxDepth) return 'depth';
    } else if (code === 0x7d || code === 0x5d) depth--;
    else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const start = i;
      while (isNumberPart(text.charCodeAt(i + 1))) i++;
      if (i - start >= maxNumberLength) return 'number';
    }
    if (values > maxValues) return 'values';
  }
  return members;
}

/** Digits, `.`, `+`, `-`, `e` and `E`. */
const isNumberPart = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  code === 0x2e ||
  code === 0x2b ||
  code === 0x2d ||
  code === 0x65 ||
  code === 0x45;

/** Counts the members. Returns `undefined` if a number is too large for a double. */
function countMembers(root: unknown): number | undefined {
  // In an array, so that a text that is a single number is checked too.
  const pending: object[] = [[root]];
  let members = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const values: readonly unknown[] = Array.isArray(next) ? next : Object.values(next);
    if (values !== next) members += values.length;
    for (const value of values) {
      if (typeof value === 'number' && !Number.isFinite(value)) return undefined;
      if (typeof value === 'object' && value !== null) pending.push(value);
    }
  }
  return members;
}

function describeFault(fault: JsonFault, limits: JsonLimits): string {
  if (!isDevelopment) return '';
  if (fault === 'length') return `is longer than ${limits.maxLength} characters`;
  if (fault === 'depth') return `nests deeper than ${limits.maxDepth} levels`;
  if (fault === 'values') return `has more than ${limits.maxValues} values`;
  if (fault === 'number') return 'has a number that is too long or too large';
  if (fault === 'duplicate') return 'repeats a member name';
  return fault === 'object' ? 'is not a JSON object' : 'is not valid JSON';
}

/** Converts to the `check` of an error: `json_` and the exceeded limit, or `json` if the text is malformed. */
export const toCheckName = (fault: JsonFault): string =>
  fault === 'syntax' || fault === 'object' || fault === 'duplicate' ? 'json' : `json_${fault}`;

const createResponseError = (fault: JsonFault, problem: string): Error =>
  new ValidationError(
    'response_malformed',
    toCheckName(fault),
    isDevelopment ? `The JSON text ${problem}.` : '',
  );
