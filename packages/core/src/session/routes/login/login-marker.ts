import type { SessionContext } from '../../context.ts';
import { listValues } from '../../cookies/chunks.ts';
import { countBytes } from '../../cookies/cookie-budget.ts';
import type { CookieToSet, RequestCookies } from '../../cookies/cookies.ts';

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

/** Seconds after a login in which the next one of this browser is compared with it. A loop of redirects is faster. */
const completedLifetime = 60;

const getCompletedName = ({ loginJar }: SessionContext) => `${loginJar.name}.completed`;

/**
 * Creates the cookie that records that this browser has completed a login. It has the attributes of the session cookie,
 * so that a request has both or none, unless the browser has rejected the session cookie.
 *
 * @param options `isRepeated`: the session cookie of the previous login did not come back
 */
export const createCompletedMarker = (
  context: SessionContext,
  { isRepeated }: { readonly isRepeated: boolean },
): CookieToSet =>
  context.loginJar.createCookie(getCompletedName(context), isRepeated ? '2' : '1', {
    maxAge: completedLifetime,
  });

/** Without the marker, the next login of this browser is not compared: after a logout it has no session cookie either. */
export const deleteCompletedMarker = (context: SessionContext, cookies: RequestCookies): CookieToSet[] =>
  hasCompletedMarker(context, cookies)
    ? [context.loginJar.createCookie(getCompletedName(context), '', { maxAge: 0 })]
    : [];

/** Checks whether this browser has just completed a login. */
export const hasCompletedMarker = (context: SessionContext, cookies: RequestCookies): boolean =>
  cookies.has(context.loginJar.toWireName(getCompletedName(context)));

/** Returns how many logins this browser has completed in a row, without a session cookie after them. */
export async function countLostSessions(
  context: SessionContext,
  cookies: RequestCookies,
): Promise<0 | 1 | 2> {
  // There are two markers after a change of `cookie.partitioned`. The larger one counts.
  const values = listValues(context.loginJar.toWireName(getCompletedName(context)), cookies);
  if (values.length === 0 || (await context.backend.hasCookie(cookies))) return 0;
  return values.includes('2') ? 2 : 1;
}
