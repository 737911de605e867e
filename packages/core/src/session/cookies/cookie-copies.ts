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

/**
 * Creates a function that checks whether a request has several cookies with the names of a value, or some with the prefix
 * of other settings.
 */
export function createCopyCheck(jar: CookieJar, name: string): (cookies: RequestCookies) => boolean {
  const names = [name, `${name}.1`];
  const wireNames = names.map((each) => jar.toWireName(each));
  const otherWireNames = names.flatMap(jar.toOtherWireNames);
  return (cookies) =>
    wireNames.some((each) => cookies.repeatedValues?.has(each)) ||
    otherWireNames.some((each) => cookies.has(each));
}

/**
 * Creates the cookies that delete copies at the scopes of other settings, one for each cookie of a copy. A copy whose name
 * does not fit its scope was not written there: a sibling host has planted it.
 *
 * @param options `cookies`: those of the request, to delete unknown ones in the other partition too. Default: only the copies.
 */
export function deleteCopies(
  jar: CookieJar,
  name: string,
  {
    copies,
    cookies,
  }: { readonly copies: readonly CookieCopy[]; readonly cookies?: RequestCookies | undefined },
): CookieToSet[] {
  const others = cookies ? deleteOtherPartition(jar, name, { cookies, copies }) : [];
  const deletions = copies
    .filter(({ wireName, scope }) => wireName === jar.toWireName(name, scope))
    .filter(({ scope }) => !isSameScope(scope, jar.scope))
    .flatMap(({ wireName, count, scope }) =>
      Array.from({ length: count }, (_, index) =>
        jar.createDeletion(index === 0 ? wireName : `${wireName}.${index}`, scope),
      ),
    );
  return [...new Map([...deletions, ...others].map((cookie) => [JSON.stringify(cookie), cookie])).values()];
}

/** Checks whether two scopes are those of a partitioned cookie (CHIPS) and of the same cookie without a partition. */
export const areBothPartitions = ([a, b, ...others]: readonly CookieScope[]): boolean =>
  a !== undefined && b !== undefined && others.length === 0 && isSameScope(a, invertPartition(b));

/**
 * Creates the cookies that delete the cookies with the prefix `__Host-` in the other partition. A cookie with this prefix
 * has one of two scopes. The application may not know a value, because the session has ended or the secret was replaced.
 * Its cookie would be sent beside the new one, and two of them are not accepted.
 */
function deleteOtherPartition(
  jar: CookieJar,
  name: string,
  { cookies, copies }: { readonly cookies: RequestCookies; readonly copies: readonly CookieCopy[] },
): CookieToSet[] {
  const wireName = jar.toWireName(name);
  if (!wireName.startsWith('__Host-') || !cookies.has(wireName)) return [];
  const sameNameCopies = copies.filter((copy) => copy.wireName === wireName);
  if (sameNameCopies.length === countValues(wireName, cookies)) return [];
  return [wireName, `${wireName}.1`]
    .filter((each) => cookies.has(each))
    .map((each) => jar.createDeletion(each, invertPartition(jar.scope)));
}

const countValues = (wireName: string, cookies: RequestCookies) =>
  cookies.repeatedValues?.get(wireName)?.length ?? 1;

const invertPartition = ({ partitioned, ...scope }: CookieScope): CookieScope =>
  partitioned ? scope : { ...scope, partitioned: true };
