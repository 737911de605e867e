import type { CookieJar, CookieToSet, RequestCookies } from './cookies.ts';

/**
 * Maximum bytes of all cookies of the application in one request. Common servers and proxies accept one header line of
 * 8 KiB, for example nginx (`large_client_header_buffers 4 8k`). They count the name of the header and the end of the line too:
 * 10 bytes. The other 182 bytes are for cookies of other applications.
 */
export const maxCookieBytes = 8_000;

/** Maximum bytes of the session's cookies. The rest of {@link maxCookieBytes} is for pending logins. */
export const maxSessionBytes = 6_500;

/** Bytes of {@link maxSessionBytes} that data of the application leaves free: tokens become longer at a refresh. */
export const reservedTokenBytes = 600;

/** Maximum bytes of pending logins, if the session leaves that many. */
export const maxLoginBytes = 6_000;

/** Counts the bytes of a cookie as a browser sends it: `name=value; `. */
export const countBytes = ({ name, value }: { readonly name: string; readonly value: string }): number =>
  name.length + value.length + 3;

/** Counts the bytes of the session's cookies that the browser has after this response. */
export function countSessionBytes(
  jar: CookieJar,
  existing: RequestCookies,
  changes: readonly CookieToSet[] = [],
): number {
  const wireName = jar.toWireName(jar.name);
  const current = new Map<string, number>();
  for (const [name, value] of existing) {
    if (!isSessionName(name, wireName)) continue;
    const values = existing.repeatedValues?.get(name) ?? [value ?? ''];
    current.set(
      name,
      values.reduce((bytes, each) => bytes + countBytes({ name, value: each }), 0),
    );
  }
  for (const cookie of changes) {
    if (isSessionName(cookie.name, wireName))
      current.set(cookie.name, cookie.maxAge > 0 ? countBytes(cookie) : 0);
  }
  return [...current.values()].reduce((total, bytes) => total + bytes, 0);
}

/** `session`, `session.1` ... */
const isSessionName = (name: string, wireName: string) =>
  name.startsWith(wireName) && /^(\.\d)?$/.test(name.slice(wireName.length));
