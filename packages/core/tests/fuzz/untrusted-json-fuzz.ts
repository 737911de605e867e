import { type JsonLimits, parseUntrustedJson } from '../../src/internal/json/untrusted-json.ts';

/** What came of the inputs: how many were accepted, and how many were refused for each check. */
export interface ForeignJsonCounts {
  accepted: number;
  readonly refused: Record<string, number>;
}

/** Small, so that short inputs reach them. */
const limits: JsonLimits = { maxLength: 3_000, maxDepth: 8, maxValues: 60 };

/**
 * Feeds generated texts to the gate for foreign JSON, and compares the outcome with a second, independent reader.
 *
 * @throws Error with seed and input when the two differ, or the gate throws anything but its typed error
 */
export function fuzzForeignJson(options: {
  readonly runs: number;
  readonly seed: number;
}): ForeignJsonCounts {
  const random = createRandom(options.seed);
  const counts: ForeignJsonCounts = { accepted: 0, refused: {} };
  for (let run = 0; run < options.runs; run++) {
    const text = run % 200 === 199 ? extremeText(random) : change(random, valueText(random, 0));
    const expected = text.length > limits.maxLength ? 'json_length' : examine(text);
    const found = outcome(text);
    // Of several faults the gate names the one that it meets first.
    const agrees = expected === 'accepted' ? found === 'accepted' : found !== 'accepted';
    if (!agrees || found.startsWith('untyped')) {
      throw new Error(
        `seed ${options.seed}, run ${run}: expected ${expected}, found ${found} for ${JSON.stringify(text.slice(0, 300))}`,
      );
    }
    if (found === 'accepted') counts.accepted++;
    else counts.refused[found] = (counts.refused[found] ?? 0) + 1;
  }
  return counts;
}

function outcome(text: string): string {
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

/** The second reader: recursive, over texts whose depth the generator bounds. */
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

type Random = (below: number) => number;

/** Mulberry32: small, and the same on every platform. */
function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)] as T;

/** Spellings of names, several of one name among them. */
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

function valueText(random: Random, depth: number): string {
  const kind = random(depth > 10 ? 1 : 5);
  const space = pick(random, spaces);
  if (kind <= 1 && depth > 0) return space + pick(random, scalars) + space;
  const count = random(5);
  const items: string[] = [];
  for (let index = 0; index < count; index++) {
    const value = valueText(random, depth + 1);
    items.push(kind === 2 ? value : `${pick(random, spaces)}${pick(random, names)}${space}:${value}`);
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

/** Every third text is changed at a few places, so that most of those are malformed. */
function change(random: Random, text: string): string {
  let changed = text;
  if (random(3) !== 0) return changed;
  for (let left = random(3) + 1; left > 0; left--) {
    const at = random(changed.length + 1);
    changed = changed.slice(0, at) + pick(random, fragments) + changed.slice(at + random(2));
  }
  return changed;
}

/** Deep, long and wide texts, closed and not closed. */
function extremeText(random: Random): string {
  const times = pick(random, [9, 60, 1_000, 5_600, 100_000]);
  switch (random(6)) {
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
