import { sha256 } from '#platform';
import { ConfigurationError } from '../../../errors.ts';
import type { SessionContext } from '../../context.ts';
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

export const deleteLoginMarker = (context: SessionContext): CookieToSet =>
  context.loginJar.createCookie(getCookieName(context), '', { maxAge: 0 });

export const hasLoginMarker = (context: SessionContext, cookies: RequestCookies): boolean =>
  cookies.has(context.loginJar.toWireName(getCookieName(context)));

/** Maximum seconds after a login in which the next one of this browser is compared with it. A loop of redirects is faster. */
const completedLifetime = 60;

const getCompletedName = ({ loginJar }: SessionContext) => `${loginJar.name}.completed`;

/** What the cookie records about the login that this browser has completed. */
interface CompletedMarker {
  /** 2: the login was repeated, because the session of the previous one did not sign in. */
  readonly count: 1 | 2;
  /** Start of the hash of the page that the login led to. */
  readonly page?: string | undefined;
  /** Start of the key of the session that the login began. */
  readonly session?: string | undefined;
}

/** Characters of a hash in the cookie. A collision only repeats a login, or ends a loop of another page. */
const hashLength = 12;

const hashPage = async (returnTo: string) => (await sha256(returnTo)).slice(0, hashLength);

/**
 * Creates the cookie that records that this browser has completed a login. It has the attributes of the session cookie,
 * so that a request has both or none, unless the browser has rejected the session cookie. It does not outlive the session.
 *
 * @param options `isRepeated`: the session of the previous login did not sign in. `identifier`: the identifier of the session
 */
export async function createCompletedMarker(
  context: SessionContext,
  {
    isRepeated,
    returnTo,
    identifier,
  }: { readonly isRepeated: boolean; readonly returnTo: string; readonly identifier: string },
): Promise<CookieToSet> {
  const session = (await sha256(identifier)).slice(0, hashLength);
  const value = [isRepeated ? '2' : '1', await hashPage(returnTo), session].join('.');
  const maxAge = Math.min(completedLifetime, context.idleLifetime, context.absoluteLifetime);
  return context.loginJar.createCookie(getCompletedName(context), value, { maxAge });
}

/** Counts the bytes of both markers as a browser sends them. */
export function countMarkerBytes(context: SessionContext): number {
  const hash = 'x'.repeat(hashLength);
  const completed = context.loginJar.toWireName(getCompletedName(context));
  return countBytes(createLoginMarker(context)) + countBytes({ name: completed, value: `1.${hash}.${hash}` });
}

/** Without the marker, the next login of this browser is not compared: after a logout it has no session cookie either. */
export const deleteCompletedMarker = (context: SessionContext, cookies: RequestCookies): CookieToSet[] =>
  hasCompletedMarker(context, cookies)
    ? [context.loginJar.createCookie(getCompletedName(context), '', { maxAge: 0 })]
    : [];

/** Checks whether this browser has just completed a login. */
export const hasCompletedMarker = (context: SessionContext, cookies: RequestCookies): boolean =>
  cookies.has(context.loginJar.toWireName(getCompletedName(context)));

/** Reads the marker. If there are several, because the settings were changed, the one with the largest count. */
function readCompletedMarker(context: SessionContext, cookies: RequestCookies): CompletedMarker | undefined {
  const wireName = context.loginJar.toWireName(getCompletedName(context));
  if (!cookies.has(wireName)) return undefined;
  const values = cookies.repeatedValues?.get(wireName) ?? [cookies.get(wireName) ?? ''];
  const logins = values.map((value) => {
    const [count, page, session] = value.split('.', 3);
    return { count: count === '2' ? (2 as const) : (1 as const), page, session };
  });
  return logins.find(({ count }) => count === 2) ?? logins[0];
}

/** Consecutive completed logins of this browser without effect. */
export interface RepeatedLogins {
  readonly count: 0 | 1 | 2;
  /** True if the routes receive a session that signs in, but the page still requires the next login. */
  readonly isSignedIn: boolean;
}

/**
 * Counts the logins of this browser that had no effect: no session signed in after them, or the same page required the next
 * one. The page may receive other session cookies than the routes, if a sibling host has planted one with a deep path.
 *
 * @param options `isRequired`: false if the login asks for more than a session, for example another authentication
 */
export async function countRepeatedLogins(
  context: SessionContext,
  cookies: RequestCookies,
  { returnTo, isRequired }: { readonly returnTo: string; readonly isRequired: boolean },
): Promise<RepeatedLogins> {
  const marker = readCompletedMarker(context, cookies);
  if (!marker) return { count: 0, isSignedIn: false };
  try {
    if (await context.backend.load(cookies)) {
      const isSamePage = isRequired && marker.page === (await hashPage(returnTo));
      return { count: isSamePage ? marker.count : 0, isSignedIn: true };
    }
    const count = (await hasEnded(context, cookies, marker)) ? 0 : marker.count;
    return { count, isSignedIn: false };
  } catch (error) {
    // The secrets of this process cannot decrypt the stored session: another process has started it.
    if (error instanceof ConfigurationError) return { count: marker.count, isSignedIn: false };
    // The store is unavailable. It is unknown whether the session signs in.
    return { count: 0, isSignedIn: false };
  }
}

/** Checks whether the browser sends the session cookie of its last login, and this session has ended since. */
async function hasEnded(
  { backend }: SessionContext,
  cookies: RequestCookies,
  { session }: CompletedMarker,
): Promise<boolean> {
  if (session?.length !== hashLength) return false;
  const { sessions } = await backend.identifyAll(cookies);
  const currentSession = sessions.find(({ key, isAccepted }) => isAccepted && key.startsWith(session));
  if (!currentSession || (await backend.reload(currentSession))) return false;
  // A session that expires at once, because clocks differ, does not sign in after a further login either.
  return !(await backend.reload(currentSession, { toEnd: true }))?.hasExpired;
}
