import { type JsonLimits, parseUntrustedJson } from '../../src/internal/json/untrusted-json.ts';
import { createRandom, type Random } from '../support/random.ts';

/** The count of accepted inputs, and of rejected inputs for each check. */
export interface UntrustedJsonCounts {
  accepted: number;
  readonly rejected: Record<string, number>;
}

/** Small limits that short inputs reach. */
const limits: JsonLimits = { maxLength: 3_000, maxDepth: 8, maxValues: 60 };

/**
 * Parses generated texts with the parser for untrusted JSON and compares the result with a second implementation.
 *
 * @throws Error with seed and input when the results differ, or the parser throws an error that is not typed
 */
export function fuzzUntrustedJson(options: {
  readonly runs: number;
  readonly seed: number;
}): UntrustedJsonCounts {
  const random = createRandom(options.seed);
  const counts: UntrustedJsonCounts = { accepted: 0, rejected: {} };
  for (let run = 0; run < options.runs; run++) {
    const text = run % 200 === 199 ? createExtremeText(random) : mutate(random, createValue(random, 0));
    const expected = text.length > limits.maxLength ? 'json_length' : examine(text);
    const found = parseText(text);
    // If an input has several faults, the parser reports the first one.
    const agrees = expected === 'accepted' ? found === 'accepted' : found !== 'accepted';
    if (!agrees || found.startsWith('untyped')) {
      throw new Error(
        `seed ${options.seed}, run ${run}: expected ${expected}, found ${found} for ${JSON.stringify(text.slice(0, 300))}`,
      );
    }
    if (found === 'accepted') counts.accepted++;
    else counts.rejected[found] = (counts.rejected[found] ?? 0) + 1;
  }
  return counts;
}

function parseText(text: string): string {
  try {
    const value = parseUntrustedJson(text, { limits });
    const same = JSON.stringify(value) === JSON.stringify(examineValue(text, createReading()));
    return same ? 'accepted' : 'untyped: another value';
  } catch (error) {
    const { code, check } = error as { code?: string; check?: string };
    return code === 'response_malformed' && check ? check : `untyped: ${String(error)}`;
  }
}

const createReading = (): Reading => ({
  at: 0,
  depth: 0,
  deepest: 0,
  values: 1,
  repeated: false,
  number: false,
});

interface Reading {
  at: number;
  depth: number;
  deepest: number;
  values: number;
  repeated: boolean;
  number: boolean;
}

/** The second implementation: recursive, for texts of a limited depth. */
function examine(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return 'json';
  }
  const reading = createReading();
  if (/^[[{]{50}/.test(text.replace(/"":/g, ''))) return 'json_depth';
  examineValue(text, reading);
  if (reading.deepest > limits.maxDepth) return 'json_depth';
  if (reading.values > limits.maxValues) return 'json_values';
  if (reading.number) return 'json_number';
  return reading.repeated ? 'json' : 'accepted';
}

function examineValue(text: string, reading: Reading): unknown {
  skip(text, reading, /[ \t\r\n]*/y);
  const first = text.charAt(reading.at);
  let value: unknown;
  if (first === '{' || first === '[') value = examineContainer(text, reading, first === '{');
  else {
    const scalar = skip(text, reading, first === '"' ? /"(?:[^"\\]|\\.)*"/y : /[\w.+-]+/y);
    if (/^[-\d]/.test(scalar) && (scalar.length > 64 || !Number.isFinite(Number(scalar)))) {
      reading.number = true;
    }
    value = JSON.parse(scalar);
  }
  skip(text, reading, /[ \t\r\n]*/y);
  return value;
}

function examineContainer(text: string, reading: Reading, isObject: boolean): object {
  const holder: object = isObject ? {} : [];
  let count = 0;
  const names = new Set<string>();
  reading.at++;
  reading.values++;
  reading.deepest = Math.max(reading.deepest, ++reading.depth);
  skip(text, reading, /[ \t\r\n]*/y);
  while (!'}]'.includes(text.charAt(reading.at))) {
    let name = String(count++);
    if (isObject) {
      name = JSON.parse(skip(text, reading, /[ \t\r\n]*"(?:[^"\\]|\\.)*"/y));
      if (names.has(name)) reading.repeated = true;
      names.add(name);
      skip(text, reading, /[ \t\r\n]*:/y);
    }
    const value = examineValue(text, reading);
    Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
    if (text.charAt(reading.at) !== ',') break;
    reading.values++;
    reading.at++;
  }
  reading.at++;
  reading.depth--;
  return holder;
}

function skip(text: string, reading: Reading, pattern: RegExp): string {
  pattern.lastIndex = reading.at;
  const [found = ''] = pattern.exec(text) ?? [];
  reading.at += found.length;
  return found;
}

/** Spellings of names, with several spellings of one name. */
const names = [
  '"a"',
  '"\\u0061"',
  '"b"',
  '"\\u0062"',
  '"__proto__"',
  '"\\u005f_proto__"',
  '"constructor"',
  '""',
  '"\\""',
  '"\\u0022"',
  '"{"',
  '"[\\\\"',
  '":"',
  '"\\ud83d\\ude00"',
  '"\u{1f600}"',
  '"\\ud83d"',
  '"\u2028"',
  '"iss"',
  '"\\u0069ss"',
  '"\\/"',
  '"/"',
];

const scalars = [
  'true',
  'false',
  'null',
  '0',
  '-0',
  '1.5e3',
  '1e400',
  '-1e400',
  '1e-400',
  '123456789012345678901234567890',
  '9'.repeat(64),
  '9'.repeat(65),
  `0.${'1'.repeat(70)}`,
  '"text"',
  '"\\\\"',
  '"\\\\\\""',
  '"{\\"a\\":1,\\"a\\":2}"',
  '"\\udc00\\ud800"',
];

const spaces = ['', '', '', ' ', '\n', '\t\r '];

function createValue(random: Random, depth: number): string {
  const kind = random.below(depth > 10 ? 1 : 5);
  const space = random.pick(spaces);
  if (kind <= 1 && depth > 0) return space + random.pick(scalars) + space;
  const count = random.below(5);
  const items: string[] = [];
  for (let index = 0; index < count; index++) {
    const value = createValue(random, depth + 1);
    items.push(kind === 2 ? value : `${random.pick(spaces)}${random.pick(names)}${space}:${value}`);
  }
  return kind === 2 ? `${space}[${items.join(',')}]` : `{${items.join(',')}${space}}`;
}

const fragments = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '0',
  'e',
  '-',
  '\u0000',
  '\ufeff',
  ' ',
  'tru',
  '\u00a0',
];

/** Changes about a third of the texts at up to three positions. Most of the changed texts are malformed. */
function mutate(random: Random, text: string): string {
  let changed = text;
  if (random.below(3) !== 0) return changed;
  for (let left = random.below(3) + 1; left > 0; left--) {
    const at = random.below(changed.length + 1);
    changed = changed.slice(0, at) + random.pick(fragments) + changed.slice(at + random.below(2));
  }
  return changed;
}

/** Creates deep, long and wide texts, complete and truncated. */
function createExtremeText(random: Random): string {
  const times = random.pick([9, 60, 1_000, 5_600, 100_000]);
  switch (random.below(6)) {
    case 0:
      return '['.repeat(times) + ']'.repeat(times);
    case 1:
      return `${'{"":'.repeat(times)}1${'}'.repeat(times)}`;
    case 2:
      return '['.repeat(times);
    case 3:
      return `[${'1,'.repeat(Math.min(times, 1_000))}1]`;
    case 4:
      return `"${'\\"'.repeat(times)}"`;
    default:
      return `"${'\\'.repeat(times)}`;
  }
}
