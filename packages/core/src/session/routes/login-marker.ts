import type { SessionContext } from '../context.ts';
import { countBytes } from '../cookies/cookie-budget.ts';
import type { CookieToSet, RequestCookies } from '../cookies/cookies.ts';

/** Seconds. As long as the state of a login can lead the user to a page. */
const markerLifetime = 86_400;

const getCookieName = ({ loginJar }: SessionContext) => `${loginJar.name}.started`;

/**
 * Creates the cookie that records that this browser has started a login. Without it, a response whose login is unknown
 * starts no login: the address may come from another site. All logins of a browser share the cookie, and it has no value
 * that could be lost: logins that start at the same time overwrite each other's cookies.
 */
export const createLoginMarker = (context: SessionContext): CookieToSet =>
  context.loginJar.createCookie(getCookieName(context), '1', {
    maxAge: markerLifetime,
    sameSite: context.loginJar.sameSite === 'none' ? 'none' : 'lax',
  });

/** Counts the bytes of the cookie as a browser sends it. */
export const countMarkerBytes = (context: SessionContext): number => countBytes(createLoginMarker(context));

export const deleteLoginMarker = (context: SessionContext): CookieToSet =>
  context.loginJar.createCookie(getCookieName(context), '', { maxAge: 0 });

export const hasLoginMarker = (context: SessionContext, cookies: RequestCookies): boolean =>
  cookies.has(context.loginJar.toWireName(getCookieName(context)));
