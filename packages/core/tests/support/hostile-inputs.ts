import { createRandom, type Random } from './random.ts';

const environment =
  (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {};

/** Returns the count of inputs for each surface: `FUZZ_RUNS`, or a smaller default. */
export const readFuzzRuns = (shortRun: number): number => Number(environment.FUZZ_RUNS || shortRun);

/** Returns the test timeout for a count of inputs, in milliseconds. */
export const computeFuzzTimeout = (runs: number): number => 60_000 + runs * 10;

export interface FuzzSurface {
  /** Name of the surface in the printed line. */
  readonly name: string;
  readonly runs: number;
  /** Tries one input. Returns whether it was accepted. Throws if an assertion fails. */
  readonly attempt: (random: Random, index: number) => boolean | Promise<boolean>;
}

/** Reads the seed from `FUZZ_SEED`, or creates a new one. */
export const readFuzzSeed = (): number =>
  Number(environment.FUZZ_SEED || 1 + Math.floor(Math.random() * 1_000_000_000));

/** Prints the line that `scripts/fuzz.ts` reads. */
export function printFuzzLine(
  name: string,
  result: {
    readonly runs: number;
    readonly seed: number;
    readonly outcomes: Readonly<Record<string, number>>;
  },
): void {
  const outcomes = Object.entries(result.outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  console.log(`fuzz ${name}: ${result.runs} inputs, ${outcomes.join(', ')}, seed ${result.seed}`);
}

/**
 * Tries many inputs and prints the counts of accepted and rejected ones. `FUZZ_SEED` repeats a run.
 *
 * @throws Error with the seed and the index of the input when an attempt throws
 */
export async function fuzzSurface({
  name,
  runs,
  attempt,
}: FuzzSurface): Promise<{ accepted: number; rejected: number }> {
  const seed = readFuzzSeed();
  const random = createRandom(seed);
  const outcomes = { accepted: 0, rejected: 0 };
  for (let index = 0; index < runs; index++) {
    try {
      if (await attempt(random, index)) outcomes.accepted++;
      else outcomes.rejected++;
    } catch (error) {
      throw new Error(`${name}: input ${index} of FUZZ_SEED=${seed} fails`, { cause: error });
    }
  }
  printFuzzLine(name, { runs, seed, outcomes });
  return outcomes;
}

/** Fragments that parsers often handle incorrectly. */
const fragments = [
  '',
  ' ',
  '\t',
  '\u0000',
  '\u007f',
  '\u00a0',
  '\u00ff',
  '\ufeff',
  '\u2028',
  '\ud800',
  '"',
  '\\',
  '\\u0000',
  ',',
  ';',
  '=',
  '==',
  '.',
  '..',
  '%',
  '%00',
  '%2e',
  '{',
  '}',
  '[',
  ']',
  'null',
  'true',
  '1e999',
  '-0',
  '__proto__',
  'constructor',
  'Bearer ',
  'DPoP ',
  'eyJhbGciOiJub25lIn0',
  'W1tbW1tbW1tb',
] as const;

/** Changes a text at one to four positions: replaces, inserts, removes, repeats or truncates. */
export function mutateText(random: Random, text: string): string {
  let result = text;
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(result.length + 1);
    const end = Math.min(result.length, at + 1 + random.below(8));
    const insertion = random.oneIn(3)
      ? String.fromCharCode(random.oneIn(8) ? random.below(0x1_0000) : random.below(0x100))
      : random.pick(fragments);
    switch (random.below(5)) {
      case 0:
        result = result.slice(0, at) + insertion + result.slice(end);
        break;
      case 1:
        result = result.slice(0, at) + insertion + result.slice(at);
        break;
      case 2:
        result = result.slice(0, at) + result.slice(end);
        break;
      case 3:
        result =
          result.slice(0, end) +
          result.slice(at, end).repeat(1 + random.below(random.oneIn(50) ? 500 : 4)) +
          result.slice(end);
        break;
      default:
        result = result.slice(0, at);
    }
  }
  return result;
}

/** Creates a JSON text, sometimes nested deeper than any limit. */
export function createJson(random: Random, depth = 3): string {
  if (random.oneIn(200)) {
    const levels = 1 + random.below(3_000);
    return '['.repeat(levels) + ']'.repeat(levels);
  }
  switch (random.below(depth > 0 ? 8 : 6)) {
    case 0:
      return 'null';
    case 1:
      return random.pick(['true', 'false']);
    case 2:
      return random.pick(['0', '-1', '1.5', '1e400', '9007199254740993', '1'.repeat(400)]);
    case 3:
    case 4:
    case 5:
      return JSON.stringify(mutateText(random, 'text'));
    case 6:
      return `[${Array.from({ length: random.below(4) }, () => createJson(random, depth - 1)).join(',')}]`;
    default:
      return `{${Array.from({ length: random.below(4) }, () => `${JSON.stringify(random.pick(['a', 'b', '__proto__', 'toString', '']))}:${createJson(random, depth - 1)}`).join(',')}}`;
  }
}

/** Creates the JSON text of an object with some members removed, repeated or changed. */
export function mutateMembers(random: Random, members: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(members).flatMap(([name, value]) => {
    const text = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
    switch (random.below(12)) {
      case 0:
        return [];
      case 1:
        return [text, `${JSON.stringify(name)}:${createJson(random)}`];
      case 2:
        return [`${JSON.stringify(name)}:${createJson(random)}`];
      default:
        return [text];
    }
  });
  if (random.oneIn(6))
    parts.push(
      `${JSON.stringify(random.pick(['crit', 'b64', 'x', '__proto__', 'nonce', 'jwk']))}:${createJson(random)}`,
    );
  return `{${parts.join(',')}}`;
}

/** Encodes the UTF-8 bytes of a text in base64url. */
export const encodeText = (text: string): string => encodeBytes(new TextEncoder().encode(text));

/** Encodes bytes in base64url. */
export function encodeBytes(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
