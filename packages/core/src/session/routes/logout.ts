import { createEndSessionUrl } from '../../client/logout/end-session.ts';
import { revokeToken } from '../../client/logout/revocation.ts';
import { emitEvent } from '../../client/observability.ts';
import { AuthError } from '../../errors.ts';
import { createRandomToken } from '../../internal/encoding.ts';
import type { SessionContext } from '../context.ts';
import { type CookieToSet, parseCookies } from '../cookies/cookies.ts';
import {
  isPrefetch,
  isSameOrigin,
  isScriptFetch,
  type RouterRequest,
  readForm,
} from '../http/request-checks.ts';
import { createJsonResponse, createRedirect, createSessionHeaders } from '../http/responses.ts';
import { respondWithPage } from '../pages/respond-with-page.ts';
import { createLogoutCookie, getLogoutTargets } from './logout-return.ts';

/** Options of `sessions.startLogout()`. */
export interface StartLogoutOptions {
  /** Where to send the user after logout: one of `postLogoutRedirectUris`, or the path of one. Default: the first one. */
  readonly returnTo?: string | undefined;
}

/**
 * Ends the session, revokes its refresh token, and creates the URL at which the provider ends its session.
 * It succeeds if the provider is unavailable: the session of the application has ended.
 *
 * @throws TransportError `store_unavailable` if the session could not be ended
 */
export async function startLogout(
  context: SessionContext,
  cookieHeader: string | null | undefined,
  options: StartLogoutOptions = {},
): Promise<{ readonly url: string; readonly cookies: readonly CookieToSet[] }> {
  const { client, backend, coordinator } = context;
  const existing = parseCookies(cookieHeader);
  // If the store is unavailable, this throws: nothing has ended, and the user can try again.
  const loaded = await backend.load(existing);
  const target = findLogoutTarget(context, options.returnTo);
  if (!loaded) return { url: target, cookies: backend.deleteCookies(existing) };
  // The session ends first, whether or not the provider responds.
  await backend.end(loaded);
  emitEvent(client, { type: 'session.ended', issuer: client.issuer, reason: 'logout' });
  // The cookie may be older than the last refresh. Some providers ignore the revocation of a spent token.
  const { refreshToken, idToken } = (await coordinator.findNewestTokens(loaded.state.tokens)).tokens;
  const idTokenHint = context.options.idTokenHint === false ? undefined : idToken;
  // Another origin does not receive the cookie with which the state is compared.
  const state = new URL(target).origin === context.baseUrl.origin ? createRandomToken() : undefined;
  const [url] = await Promise.all([
    createEndSessionUrl(client, { idTokenHint, postLogoutRedirectUri: target, state }).catch(ignoreAuthError),
    refreshToken === undefined
      ? undefined
      : revokeToken(client, refreshToken, { tokenTypeHint: 'refresh_token' }).catch(ignoreAuthError),
  ]);
  const deleteCookies = backend.deleteCookies(existing);
  // The provider has no logout, or cannot be reached. The user must know it, in particular on a shared device.
  if (!url) return { url: createEndedUrl(context, target), cookies: deleteCookies };
  const stateCookies = state === undefined ? [] : [createLogoutCookie(context, state)];
  return { url: url.href, cookies: [...deleteCookies, ...stateCookies] };
}

/** The page that says that only the session of the application has ended. */
function createEndedUrl({ baseUrl, paths }: SessionContext, target: string): string {
  const url = new URL(paths.logout, baseUrl.origin);
  url.searchParams.set('ended', 'application');
  url.searchParams.set('returnTo', target);
  return url.href;
}

/** `POST /auth/logout`. A `GET` shows a confirmation page, because any page can cause one by a link or an image. */
export async function logoutRoute(
  context: SessionContext,
  request: Request,
  router?: RouterRequest,
): Promise<Response> {
  if (isPrefetch(request, router))
    return new Response(null, { status: 204, headers: createSessionHeaders() });
  const query = new URL(request.url).searchParams;
  if (request.method !== 'POST' && query.get('ended') === 'application') {
    const ended = await createEndedPage(context, request, query.get('returnTo'));
    if (ended) return ended;
  }
  if (request.method !== 'POST' && context.options.logoutMethod !== 'get')
    return createConfirmation(context, request, query.get('returnTo'));
  // Another site must not log the user out (CSRF, compare RFC 6749 section 10.12).
  if (request.method === 'POST' && !isSameOrigin(request, context.baseUrl)) {
    return respondWithPage(context, request, {
      page: 'logoutRejected',
      status: 403,
      code: 'cross_origin_request',
      createActions: ({ homeUrl }, { back }) => [{ label: back, href: homeUrl }],
    });
  }
  const form = request.method === 'POST' ? await readForm(request) : undefined;
  const returnTo = form?.get('returnTo') ?? query.get('returnTo') ?? undefined;
  const { url, cookies } = await startLogout(context, request.headers.get('cookie'), { returnTo });
  // A script cannot follow a redirect to the provider. It gets the URL to navigate to.
  return isScriptFetch(request, router)
    ? createJsonResponse({ location: url }, { cookies })
    : createRedirect(url, cookies);
}

function createConfirmation(
  context: SessionContext,
  request: Request,
  returnTo: string | null,
): Promise<Response> {
  const target = findLogoutTarget(context, returnTo ?? undefined);
  return respondWithPage(context, request, {
    page: 'logoutQuestion',
    status: 200,
    returnTo: target,
    createActions: ({ logoutUrl, homeUrl }, { logOut, stay }) => [
      { label: logOut, post: logoutUrl, fields: returnTo === null ? {} : { returnTo: target } },
      { label: stay, href: homeUrl },
    ],
  });
}

/** @returns `undefined` if the user is signed in: anyone can link to this page */
async function createEndedPage(
  context: SessionContext,
  request: Request,
  returnTo: string | null,
): Promise<Response | undefined> {
  if (await context.backend.load(parseCookies(request.headers.get('cookie')))) return undefined;
  return respondWithPage(context, request, {
    page: 'providerStaysSignedIn',
    status: 200,
    returnTo: findLogoutTarget(context, returnTo ?? undefined),
    createActions: (page, labels) => [{ label: labels.continue, href: page.returnTo }],
  });
}

/** Only a URL of the list: an open redirect after logout helps phishing as much as one after login. */
function findLogoutTarget(context: SessionContext, returnTo: string | undefined): string {
  const { baseUrl } = context;
  const allowed = getLogoutTargets(context);
  const target =
    returnTo !== undefined && URL.canParse(returnTo, baseUrl) ? new URL(returnTo, baseUrl).href : undefined;
  return allowed.find((uri) => uri === target) ?? (allowed[0] as string);
}

function ignoreAuthError(error: unknown): undefined {
  if (error instanceof AuthError) return undefined;
  throw error;
}
