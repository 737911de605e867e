import type { CookieJar, CookieToSet, RequestCookies } from './cookies.ts';

/** Finds the names of a value and its chunks that occur several times, or under the prefix of other settings. */
export function findCopies(jar: CookieJar, name: string, cookies: RequestCookies): readonly string[] {
  const names = [name, `${name}.1`];
  const repeated = names.map(jar.toWireName).filter((wireName) => cookies.repeated?.has(wireName));
  const others = names.flatMap(jar.toOtherWireNames).filter((wireName) => cookies.has(wireName));
  return [...repeated, ...others];
}

/** Creates cookies that delete all copies of these names, except the one with the current domain and path. */
export function deleteCopies(jar: CookieJar, wireNames: readonly string[]): CookieToSet[] {
  return wireNames.flatMap((wireName) => jar.createDeletions(wireName));
}

/**
 * Creates cookies that delete all copies of a value, even if there is one copy: it may have another domain or path than
 * the response sets.
 */
export function deleteAllCopies(jar: CookieJar, name: string, existing: RequestCookies): CookieToSet[] {
  const current = [name, `${name}.1`].map(jar.toWireName).filter((wireName) => existing.has(wireName));
  return deleteCopies(jar, [...new Set([...current, ...findCopies(jar, name, existing)])]);
}
