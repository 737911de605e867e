import { type CookieScope, isSameScope } from './cookie-scope.ts';
import type { CookieJar, CookieToSet, RequestCookies } from './cookies.ts';

/** A copy of the session cookie that this application has written. */
export interface CookieCopy {
  /** The name of its first cookie, as it was sent. */
  readonly wireName: string;
  /** Count of its chunks. */
  readonly count: number;
  /** The scope that the session records. */
  readonly scope: CookieScope;
}

/** Checks whether a request has several cookies with the names of a value, or some with the prefix of other settings. */
export function hasSeveralCopies(jar: CookieJar, name: string, cookies: RequestCookies): boolean {
  const names = [name, `${name}.1`];
  return (
    names.some((each) => cookies.repeated?.has(jar.toWireName(each))) ||
    names.flatMap(jar.toOtherWireNames).some((wireName) => cookies.has(wireName))
  );
}

/**
 * Creates the cookies that delete copies at the scopes of other settings, one for each cookie of a copy. A copy whose name
 * does not fit its scope was not written there: a sibling host has planted it.
 */
export function deleteCopies(jar: CookieJar, name: string, copies: readonly CookieCopy[]): CookieToSet[] {
  const deletions = copies
    .filter(({ wireName, scope }) => wireName === jar.toWireName(name, scope))
    .filter(({ scope }) => !isSameScope(scope, jar.scope))
    .flatMap(({ wireName, count, scope }) =>
      Array.from({ length: count }, (_, index) =>
        jar.createDeletion(index === 0 ? wireName : `${wireName}.${index}`, scope),
      ),
    );
  return [...new Map(deletions.map((cookie) => [JSON.stringify(cookie), cookie])).values()];
}
