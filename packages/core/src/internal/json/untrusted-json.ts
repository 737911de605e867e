import { ValidationError } from '../../errors.ts';
import { parseEscapedNames } from './escaped-names.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { hasEqualRepeats, stringEnd } from './repeated-members.ts';

/** What one JSON text may cost. */
export interface JsonLimits {
  /** Characters of the text. */
  readonly maxLength: number;
  /** Objects and arrays inside one another. */
  readonly maxDepth: number;
  /** Members and array elements in all. */
  readonly maxValues: number;
}

/** Why a text is refused: a limit, by its name, or the form. */
export type JsonFault = 'syntax' | 'object' | 'duplicate' | 'length' | 'depth' | 'values' | 'number';

/** Answers of a provider. Their length in bytes is limited where they are read. */
export const responseLimits: JsonLimits = { maxLength: 67_108_864, maxDepth: 32, maxValues: 100_000 };

/** A header or payload of a JWT: no known claim set nests deeper than 10 levels. */
export const tokenLimits: JsonLimits = { maxLength: 1_048_576, maxDepth: 32, maxValues: 50_000 };

/** What the application itself has stored: claims and its own session data. */
export const storedLimits: JsonLimits = { maxLength: 16_777_216, maxDepth: 128, maxValues: 1_000_000 };

export interface UntrustedJsonOptions {
  /** Default: {@link responseLimits}. */
  readonly limits?: JsonLimits;
  /** Creates the error of the context. Default: a ValidationError `response_malformed`. */
  readonly refuse?: (fault: JsonFault, problem: string) => Error;
  /** Accepts a repeated member whose values are equal scalars: every reader then reads the same. */
  readonly equalRepeats?: boolean;
}

/**
 * Characters of one number. A double needs 25; more digits only cost time, and parsers round them differently
 * (RFC 8259 section 6).
 */
const maxNumberLength = 64;

/**
 * Parses a JSON text that comes from outside. Every such text passes here before anything else reads it.
 * Nothing here is recursive: the text is scanned once, then parsed, then its values are counted.
 *
 * A repeated member name is refused at every depth, because parsers disagree about which value counts
 * (RFC 8259 section 4). `JSON.parse` keeps one of them, so a repeat shows as a missing member, in whatever way the
 * name was written.
 *
 * @throws what `refuse` creates; by default a ValidationError `response_malformed` with the check `json` for a
 *   malformed text, and `json_length`, `json_depth`, `json_values` or `json_number` for a limit
 */
export function parseUntrustedJson(text: string, options: UntrustedJsonOptions = {}): unknown {
  const { limits = responseLimits, refuse = refuseAnswer } = options;
  const fail = (fault: JsonFault) => refuse(fault, problemText(fault, limits));
  const scanned = scan(text, limits);
  if (typeof scanned !== 'number') throw fail(scanned);
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (text.includes('\\')) value = parseEscapedNames(text);
  } catch {
    throw fail('syntax');
  }
  const members = countMembers(value);
  if (members === undefined) throw fail('number');
  if (members !== scanned && !(options.equalRepeats && hasEqualRepeats(text))) throw fail('duplicate');
  return value;
}

/** As {@link parseUntrustedJson}, for a text that must be an object. */
export function parseUntrustedObject(text: string, options: UntrustedJsonOptions = {}): JsonObject {
  const value = parseUntrustedJson(text, options);
  if (isJsonObject(value)) return value;
  const { limits = responseLimits, refuse = refuseAnswer } = options;
  throw refuse('object', problemText('object', limits));
}

/**
 * One pass over a text that may be malformed; strings are skipped.
 *
 * @returns the number of members in all, which is exact for a well-formed text, or the limit that the text exceeds
 */
export function scan(text: string, { maxLength, maxDepth, maxValues }: JsonLimits): number | JsonFault {
  if (text.length > maxLength) return 'length';
  let depth = 0;
  let members = 0;
  let values = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      i = stringEnd(text, i);
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

/** The number of members in all, or `undefined` when a number is too large for a double. */
function countMembers(root: unknown): number | undefined {
  // In a list, so that a number that is the whole text is looked at like any other.
  const open: object[] = [[root]];
  let members = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const values: readonly unknown[] = Array.isArray(next) ? next : Object.values(next);
    if (values !== next) members += values.length;
    for (const value of values) {
      if (typeof value === 'number' && !Number.isFinite(value)) return undefined;
      if (typeof value === 'object' && value !== null) open.push(value);
    }
  }
  return members;
}

function problemText(fault: JsonFault, limits: JsonLimits): string {
  if (fault === 'length') return `is longer than ${limits.maxLength} characters`;
  if (fault === 'depth') return `nests deeper than ${limits.maxDepth} levels`;
  if (fault === 'values') return `has more than ${limits.maxValues} values`;
  if (fault === 'number') return 'has a number that is too long or too large';
  if (fault === 'duplicate') return 'repeats a member name';
  return fault === 'object' ? 'is not a JSON object' : 'is not valid JSON';
}

/** The `check` of an error: a limit by its name, everything else is malformed JSON. */
export const toCheckName = (fault: JsonFault): string =>
  fault === 'syntax' || fault === 'object' || fault === 'duplicate' ? 'json' : `json_${fault}`;

const refuseAnswer = (fault: JsonFault, problem: string): Error =>
  new ValidationError('response_malformed', toCheckName(fault), `The JSON text ${problem}.`);
