import { ConfigurationError } from '../../errors.ts';
import type { CookieJar, CookieToSet, RequestCookies } from './cookies.ts';
import { serializeCookie } from './cookies.ts';

/** Maximum bytes of one `Set-Cookie` line that every browser accepts (RFC 6265 section 6.1). */
const maxLine = 4096;
/** Maximum count of chunks: more would exceed the header limits of common servers (8 to 16 KiB). */
const maxChunks = 3;

/**
 * Splits a value into as many cookies as it needs: `name`, `name.1`, `name.2`.
 * Each begins with the generation and the count of chunks: `<generation>~<count>~<part>`.
 *
 * @param existing cookies of the request; chunks that are no longer needed are deleted
 * @throws ConfigurationError if the value is too large for cookies
 */
export function writeChunks(
  jar: CookieJar,
  name: string,
  value: { readonly text: string; readonly generation: string; readonly maxAge: number },
  existing: RequestCookies,
): CookieToSet[] {
  const { text, generation, maxAge } = value;
  const overhead = serializeCookie(jar.createCookie(`${name}.0`, `${generation}~0~`, { maxAge })).length;
  const size = maxLine - overhead;
  const count = Math.max(1, Math.ceil(text.length / size));
  if (count > maxChunks) {
    throw new ConfigurationError(
      'invalid_option',
      `The sealed session has ${text.length} characters, but cookies hold at most ${maxChunks * size}. Use a session store: set the option "store".`,
    );
  }
  const cookies = Array.from({ length: count }, (_, index) => {
    const part = text.slice(index * size, (index + 1) * size);
    return jar.createCookie(getChunkName(name, index), `${generation}~${count}~${part}`, { maxAge });
  });
  return [...cookies, ...deleteChunks(jar, name, existing, count)];
}

/**
 * Joins the chunks of a value. Returns `undefined` if a chunk is missing, ambiguous or of another generation:
 * a response that the browser stored only partly must not become a session.
 */
export function readChunks(
  jar: CookieJar,
  name: string,
  cookies: RequestCookies,
): { readonly text: string; readonly generation: string } | undefined {
  const first = parseChunk(cookies.get(jar.toWireName(getChunkName(name, 0))));
  if (!first || !(first.count >= 1 && first.count <= maxChunks)) return undefined;
  let text = first.part;
  for (let index = 1; index < first.count; index++) {
    const next = parseChunk(cookies.get(jar.toWireName(getChunkName(name, index))));
    if (next?.generation !== first.generation || next.count !== first.count) return undefined;
    text += next.part;
  }
  return { text, generation: first.generation };
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
function parseChunk(value: string | undefined) {
  if (value?.[8] !== '~' || value[10] !== '~') return undefined;
  return { generation: value.slice(0, 8), count: Number(value[9]), part: value.slice(11) };
}
