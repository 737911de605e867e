import {
  type CookieToSet,
  decodeValue,
  isCookieValue,
  isToken,
  readName,
  splitPairs,
  trimWhiteSpace,
} from './cookies.ts';

/**
 * Returns the `Cookie` header that a browser sends after a response has set these cookies.
 *
 * @param cookies a `maxAge` of 0 deletes the cookie
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-5.4
 * @example
 * ```ts
 * import type { CookieToSet } from '@countersign/core/session';
 * import { applyCookies } from '@countersign/core/session/adapter';
 *
 * export function forwardCookies(headers: Headers, cookies: readonly CookieToSet[]): void {
 *   headers.set('cookie', applyCookies(headers.get('cookie'), cookies));
 * }
 * ```
 */
export function applyCookies(header: string | null | undefined, cookies: readonly CookieToSet[]): string {
  const changedNames = new Set(cookies.map(({ name }) => name));
  const unchangedPairs = splitPairs(header)
    .map(trimWhiteSpace)
    .filter((pair) => pair !== '' && !changedNames.has(readName(pair)));
  const addedPairs = cookies.filter(({ maxAge }) => maxAge > 0).map(({ name, value }) => `${name}=${value}`);
  return [...unchangedPairs, ...addedPairs].join('; ');
}

/**
 * Applies the cookies that a framework lists to the `Cookie` header of the request. The list contains what was set and
 * deleted while the request is handled. A name that was sent twice stays twice.
 *
 * A framework decodes the values that it lists, and a sibling host may have planted them. Therefore:
 *
 * - A listed cookie that equals a sent one, as it is or decoded, is unchanged: all cookies of that name stay as they were
 *   sent. A planted session with an encoded character is none, and does not become one that displaces the others.
 * - A cookie that is not valid in a `Cookie` header without encoding (RFC 6265 section 4.1.1) is left out:
 *   `x=%3B%20session%3Dvalue` would add a cookie with the name `session`.
 *
 * @param listedPairs the current cookies in the framework's list
 * @param options `bareValue`: the value that the framework lists for a cookie that was sent without `=`. Default: it does
 *   not list such cookies.
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-4.2.1
 * @example
 * ```ts
 * import { updateCookieHeader } from '@countersign/core/session/adapter';
 *
 * export const toHeader = (request: Request, listed: { name: string; value: string }[]): string =>
 *   updateCookieHeader(request.headers.get('cookie'), listed);
 * ```
 */
export function updateCookieHeader(
  header: string | null | undefined,
  listedPairs: readonly { readonly name: string; readonly value: string }[],
  options: { readonly bareValue?: string } = {},
): string {
  const sentPairs = splitPairs(header)
    .map(trimWhiteSpace)
    .filter((pair) => pair !== '');
  const sentSpellings = new Set(sentPairs.flatMap((pair) => listSpellings(pair, options.bareValue)));
  const changedPairs = listedPairs.filter(({ name, value }) => !sentSpellings.has(spellPair(name, value)));
  const unchangedNames = new Set(listedPairs.map(({ name }) => trimWhiteSpace(name)));
  for (const { name } of changedPairs) unchangedNames.delete(trimWhiteSpace(name));
  const retainedPairs = sentPairs.filter((pair) => unchangedNames.has(readName(pair)));
  const addedPairs = changedPairs.filter(({ name, value }) => isToken(name) && isCookieValue(value));
  return [...retainedPairs, ...addedPairs.map(({ name, value }) => `${name}=${value}`)].join('; ');
}

const spellPair = (name: string, value: string) => `${trimWhiteSpace(name)}=${trimWhiteSpace(value)}`;

/** Lists how a framework may show a pair: as it was sent, and with its value decoded. */
function listSpellings(pair: string, bareValue: string | undefined): readonly string[] {
  if (!pair.includes('=')) return bareValue === undefined ? [pair] : [`${pair}=${bareValue}`];
  const name = readName(pair);
  const value = pair.slice(pair.indexOf('=') + 1);
  return [spellPair(name, value), spellPair(name, decodeValue(value))];
}
