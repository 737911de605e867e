import { emitEvent } from '../../../client/observability.ts';
import type { SessionContext } from '../../context.ts';
import { listValues } from '../../cookies/chunks.ts';
import { type CookieToSet, parseCookies } from '../../cookies/cookies.ts';
import { isSamePage } from '../../http/path-match.ts';
import type { RouterRequest } from '../../http/request-checks.ts';
import { createRedirect } from '../../http/responses.ts';

/** Seconds that the user may take at the provider. */
const cookieLifetime = 3600;

const getCookieName = ({ loginJar }: SessionContext) => `${loginJar.name}.logout`;

/** The registered URLs for the user after logout. The first is the default. */
export const getLogoutTargets = ({ options, baseUrl, basePath }: SessionContext): readonly string[] =>
  options.postLogoutRedirectUris ?? [`${baseUrl.origin}${basePath}/`];

/**
 * Creates the cookie that stores the state of a logout, until the provider redirects the user back. The registered URL can be
 * outside `cookie.path`, so the cookie has the attributes of pending logins.
 */
export const createLogoutCookie = (context: SessionContext, state: string): CookieToSet =>
  context.loginJar.createCookie(getCookieName(context), state, {
    maxAge: cookieLifetime,
    sameSite: context.loginJar.sameSite === 'none' ? 'none' : 'lax',
  });

/**
 * Finishes a logout: the provider has redirected the user to a registered URL, with the `state` of the logout. A match
 * shows that the redirect belongs to the logout of this browser.
 *
 * @returns a redirect to the same URL without `state`; `undefined` for every other request
 * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
 */
export function finishLogout(
  context: SessionContext,
  request: Request,
  router?: RouterRequest,
): Response | undefined {
  const { pathname, searchParams } = new URL(request.url);
  const state = searchParams.get('state');
  // Another value is a parameter of the application.
  if (state === null || !/^[\w-]{43}$/.test(state)) return undefined;
  if (![pathname, router?.pagePath].some((path) => isLogoutTarget(context, path))) return undefined;
  const { client, loginJar } = context;
  const name = getCookieName(context);
  // There are two after a change of `cookie.partitioned`.
  const expected = listValues(loginJar.toWireName(name), parseCookies(request.headers.get('cookie')));
  if (expected.length === 0) return undefined;
  const isVerified = expected.includes(state);
  emitEvent(client, { type: 'logout.returned', issuer: client.issuer, verified: isVerified });
  if (!isVerified) return undefined;
  searchParams.delete('state');
  const query = searchParams.size > 0 ? `?${searchParams}` : '';
  // A browser reads "//host" as a host, and both are the same page.
  return createRedirect(pathname.replace(/^\/+/, '/') + query, [
    loginJar.createCookie(name, '', { maxAge: 0 }),
  ]);
}

/** Servers and frameworks add or remove a slash at the end. The redirect is bound to its logout by `state`. */
const isLogoutTarget = (context: SessionContext, pathname: string | undefined) =>
  pathname !== undefined &&
  getLogoutTargets(context).some((target) => {
    const url = new URL(target);
    return url.origin === context.baseUrl.origin && isSamePage(url.pathname, pathname);
  });
