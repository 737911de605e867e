import { countBytes } from './cookie-budget.ts';
import type { CookieJar, CookieToSet, RequestCookies } from './cookies.ts';
import { maxAccepted, serializeCookie } from './cookies.ts';

/** Maximum bytes of one `Set-Cookie` line that every browser accepts (RFC 6265 section 6.1). */
const maxLine = 4096;
/** Maximum count of chunks. Two hold all that fits in one request, see `cookie-budget.ts`. */
const maxChunks = 2;

/**
 * Splits a value into as many cookies as it needs: `name`, `name.1`.
 * Each begins with the generation and the count of chunks: `<generation>~<count>~<part>`.
 *
 * @param value at most as long as the cookie budget allows; the caller checks it
 * @param existing cookies of the request; chunks that are no longer needed are deleted
 */
export function writeChunks(
  jar: CookieJar,
  name: string,
  value: {
    readonly text: string;
    readonly generation: string;
    readonly maxAge: number;
    /** Default: the setting of the jar. */
    readonly sameSite?: 'lax' | 'none' | undefined;
  },
  existing: RequestCookies,
): CookieToSet[] {
  const { text, generation, ...attributes } = value;
  const size = measureChunk(jar, name, value);
  const count = Math.max(1, Math.ceil(text.length / size));
  const cookies = Array.from({ length: count }, (_, index) => {
    const part = text.slice(index * size, (index + 1) * size);
    return jar.createCookie(getChunkName(name, index), `${generation}~${count}~${part}`, attributes);
  });
  return [...cookies, ...deleteChunks(jar, name, existing, count)];
}

/** The maximum length of the part of a value in one cookie. */
function measureChunk(
  jar: CookieJar,
  name: string,
  { maxAge, sameSite }: { readonly maxAge: number; readonly sameSite?: 'lax' | 'none' | undefined },
): number {
  const empty = jar.createCookie(`${name}.0`, 'generati~0~', { maxAge, sameSite });
  return maxLine - serializeCookie(empty).length;
}

/** Counts the bytes of the cookies of a value with this length, as a browser sends them. */
export function countChunkBytes(
  jar: CookieJar,
  name: string,
  value: { readonly length: number; readonly maxAge: number },
): number {
  const count = Math.max(1, Math.ceil(value.length / measureChunk(jar, name, value)));
  const names = Array.from({ length: count }, (_, index) => jar.toWireName(getChunkName(name, index)));
  return names.reduce(
    (bytes, each) => bytes + countBytes({ name: each, value: 'generati~0~' }),
    value.length,
  );
}

/** A value that was divided into chunks. */
export interface ChunkedValue {
  readonly text: string;
  readonly generation: string;
  /** Count of its chunks. */
  readonly count: number;
}

/**
 * Joins the chunks of a value. Returns `undefined` if a chunk is missing, ambiguous or of another generation:
 * a response that the browser stored only partly must not become a session.
 */
export function readChunks(jar: CookieJar, name: string, cookies: RequestCookies): ChunkedValue | undefined {
  const [value, ...copies] = readCopies(jar.toWireName(name), cookies);
  return copies.length === 0 ? value : undefined;
}

/**
 * Joins the chunks of each copy of a value. There are several copies if the browser has the cookie with several domains
 * or paths: an earlier deployment has set one, or a sibling host has planted one. The chunks of a copy have the same
 * generation. Two copies with the prefix `__Host-` are not accepted: see {@link readPartitions}.
 */
export const readCopies = (wireName: string, cookies: RequestCookies): readonly ChunkedValue[] =>
  joinCopies(wireName, cookies, readValues);

/**
 * Joins the chunks of two copies with the prefix `__Host-`. A browser has two if one is partitioned (CHIPS) and the other
 * one is not. They are accepted only if this application has written both.
 */
export const readPartitions = (wireName: string, cookies: RequestCookies): readonly ChunkedValue[] =>
  wireName.startsWith('__Host-') && listValues(wireName, cookies).length === 2
    ? joinCopies(wireName, cookies, listValues)
    : [];

function joinCopies(
  wireName: string,
  cookies: RequestCookies,
  read: (wireName: string, cookies: RequestCookies) => readonly string[],
): readonly ChunkedValue[] {
  if (!cookies.has(wireName)) return [];
  const { firsts, others } = readAllChunks(wireName, (each) => read(each, cookies));
  return firsts.flatMap(({ part, ...first }) => {
    let text = part;
    for (let index = 1; index < first.count; index++) {
      const [next] = others[index - 1]?.get(toCopyKey(first)) ?? [];
      if (next === undefined) return [];
      text += next;
    }
    return [{ text, ...first }];
  });
}

/**
 * Joins the chunks of all copies of a value in every combination: a planted chunk can have the generation of the real one.
 * Two copies with the prefix `__Host-` are listed too. Such a list is for a logout only: no copy of it signs in.
 */
export function* listCandidates(wireName: string, cookies: RequestCookies): Generator<ChunkedValue> {
  const { firsts, others } = readAllChunks(wireName, (each) => [...new Set(listValues(each, cookies))]);
  function* join(start: ChunkedValue, index: number): Generator<ChunkedValue> {
    if (index === start.count) yield start;
    else
      for (const part of others[index - 1]?.get(toCopyKey(start)) ?? [])
        yield* join({ ...start, text: start.text + part }, index + 1);
  }
  for (const { part, ...first } of firsts) yield* join({ text: part, ...first }, 1);
}

/** All chunks of a copy have the same generation and count. */
type Copy = Omit<ChunkedValue, 'text'>;

const toCopyKey = ({ generation, count }: Copy) => `${generation}~${count}`;

/**
 * Reads the first chunks of all copies of a value. The parts of the other chunks are listed by their copy: a search for each
 * first chunk would cost the square of their count.
 */
function readAllChunks(
  wireName: string,
  read: (wireName: string) => readonly string[],
): {
  readonly firsts: readonly (Copy & { readonly part: string })[];
  readonly others: readonly ReadonlyMap<string, readonly string[]>[];
} {
  const readChunksAt = (index: number) =>
    read(getChunkName(wireName, index)).flatMap((value) => parseChunk(value) ?? []);
  const firsts = readChunksAt(0).filter(({ count }) => count >= 1 && count <= maxChunks);
  if (firsts.every(({ count }) => count === 1)) return { firsts, others: [] };
  const others = Array.from({ length: maxChunks - 1 }, (_, index) => {
    const parts = new Map<string, string[]>();
    for (const { part, ...copy } of readChunksAt(index + 1)) {
      const key = toCopyKey(copy);
      const partsOfKey = parts.get(key);
      if (partsOfKey) partsOfKey.push(part);
      else parts.set(key, [part]);
    }
    return parts;
  });
  return { firsts, others };
}

/** Lists all values of a cookie, with any prefix. */
export function listValues(wireName: string, cookies: RequestCookies): readonly string[] {
  const value = cookies.get(wireName);
  return value === undefined ? (cookies.repeatedValues?.get(wireName) ?? []) : [value];
}

/**
 * Reads the values of a cookie that are accepted. The parser may have retained others. Two values of a cookie with the prefix
 * `__Host-` are not accepted.
 */
export function readValues(wireName: string, cookies: RequestCookies): readonly string[] {
  const values = listValues(wireName, cookies);
  return values.length > (wireName.startsWith('__Host-') ? 1 : maxAccepted) ? [] : values;
}

/** Creates cookies that delete the chunks of the request, from index `from` on. */
export function deleteChunks(
  jar: CookieJar,
  name: string,
  existing: RequestCookies,
  from = 0,
): CookieToSet[] {
  return Array.from({ length: maxChunks }, (_, index) => index)
    .filter((index) => index >= from && existing.has(jar.toWireName(getChunkName(name, index))))
    .map((index) => jar.createCookie(getChunkName(name, index), '', { maxAge: 0 }));
}

const getChunkName = (name: string, index: number) => (index === 0 ? name : `${name}.${index}`);

/** Splits a chunk at fixed positions. The sealer validates the parts. */
function parseChunk(value: string) {
  if (value[8] !== '~' || value[10] !== '~') return undefined;
  return { generation: value.slice(0, 8), count: Number(value[9]), part: value.slice(11) };
}
