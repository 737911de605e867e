import { decodeValue, readName, splitPairs, trimWhiteSpace } from './cookies.ts';

// A framework that writes the `Cookie` header anew, from its list, sends one cookie of each name, with its value decoded and
// encoded again. A cookie that a sibling host has planted can then be the only one, and become a session.

/**
 * Finds the cookies that a framework may change if it writes the header anew: those of a name that was sent several times, or
 * with encoded characters in a value that need no encoding. Returns them as they were sent, empty if there are none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-8.6
 * @example
 * ```ts
 * import { findAmbiguousCookies } from '@countersign/core/session/adapter';
 *
 * export function passCookies(request: Request, forwarded: Headers): void {
 *   forwarded.set('x-received-cookies', findAmbiguousCookies(request.headers.get('cookie')));
 * }
 * ```
 */
export function findAmbiguousCookies(header: string | null | undefined): string {
  const pairs = listPairs(header);
  const counts = new Map<string, number>();
  for (const pair of pairs) counts.set(readName(pair), (counts.get(readName(pair)) ?? 0) + 1);
  const names = new Set(pairs.filter(hasNeedlessEncoding).map(readName));
  return pairs
    .filter((pair) => names.has(readName(pair)) || (counts.get(readName(pair)) ?? 0) > 1)
    .join('; ');
}

/**
 * Replaces the cookies of a `Cookie` header that have the names of the ambiguous cookies. Cookies of other names stay.
 *
 * @param ambiguous the result of {@link findAmbiguousCookies}
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-8.6
 * @example
 * ```ts
 * import { addAmbiguousCookies } from '@countersign/core/session/adapter';
 *
 * export const readCookies = ({ headers }: Request): string =>
 *   addAmbiguousCookies(headers.get('cookie'), headers.get('x-received-cookies'));
 * ```
 */
export function addAmbiguousCookies(
  header: string | null | undefined,
  ambiguous: string | null | undefined,
): string {
  const sentPairs = listPairs(ambiguous);
  const names = new Set(sentPairs.map(readName));
  return [...sentPairs, ...listPairs(header).filter((pair) => !names.has(readName(pair)))].join('; ');
}

const listPairs = (header: string | null | undefined) =>
  splitPairs(header)
    .map(trimWhiteSpace)
    .filter((pair) => readName(pair) !== '');

/** A sealed cookie and an identifier consist of these characters (RFC 3986 section 2.3). No encoder changes them. */
function hasNeedlessEncoding(pair: string): boolean {
  const value = pair.slice(pair.indexOf('=') + 1);
  return value.includes('%') && /^[\w.~-]+$/.test(trimWhiteSpace(decodeValue(value)));
}
