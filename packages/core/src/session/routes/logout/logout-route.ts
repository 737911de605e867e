import { createEndSessionUrl } from '../../../client/logout/end-session-url.ts';
import { reportIncompleteLogout, revokeEndedLogin } from '../../../client/logout/incomplete-logout.ts';
import { type AuthError, getErrorCode, ValidationError } from '../../../errors.ts';
import { createRandomToken } from '../../../internal/encoding.ts';
import { parseUrl } from '../../../internal/parse-url.ts';
import type { SessionReference } from '../../backends/session-backend.ts';
import type { SessionContext } from '../../context.ts';
import { type CookieToSet, parseAllCookies, parseCookies } from '../../cookies/cookies.ts';
import { endAllSessions } from '../../end/end-all-sessions.ts';
import {
  isPrefetch,
  isSameOrigin,
  isScriptFetch,
  type RouterRequest,
  readForm,
} from '../../http/request-checks.ts';
import { createJsonResponse, createPrefetchResponse, createRedirect } from '../../http/responses.ts';
import { addRetryAfter } from '../../pages/error-responses.ts';
import { reportFailure } from '../../pages/failure-report.ts';
import { respondWithPage } from '../../pages/respond-with-page.ts';
import { deleteCompletedMarker, deleteLoginMarker, hasLoginMarker } from '../login/login-marker.ts';
import { endPendingLogins } from './end-pending-logins.ts';
import { createLogoutCookie, getLogoutTargets } from './logout-return.ts';
import { createLogoutRetry, repeatLogout } from './repeated-logout.ts';

/** Options of `sessions.startLogout()`. */
export interface StartLogoutOptions {
  /** Where to send the user after logout: one of `postLogoutRedirectUris`, or the path of one. Default: the first one. */
  readonly returnTo?: string | undefined;
  /** The `retry` of a logout that failed: the sessions that it could not end are ended. Default: none. */
  readonly retry?: string | undefined;
}

/** The result of `sessions.startLogout()`. */
export interface StartedLogout {
  /** The address at which the provider ends its session, or the page of the application after the logout. */
  readonly url: string;
  /** Cookies that the response must set. They delete the session of this browser. */
  readonly cookies: readonly CookieToSet[];
  /**
   * The error if a session could not be ended. `TransportError`: its store is unavailable. A copy of the cookie remains
   * valid until it is available: this process repeats the logout. `ValidationError` `request_invalid`: the request has more
   * copies of the session cookie than a logout reads, and `cookies` delete none of them. Do not show a successful logout. Default: none.
   */
  readonly failure?: AuthError | undefined;
  /**
   * Set with `failure`: repeats the logout as an option of `startLogout()`, or as the form field `retry` of a POST to the
   * logout route. The cookies of the sessions are deleted already. It is encrypted, and valid for a day.
   */
  readonly retry?: string | undefined;
}

/**
 * Ends the sessions of all copies of the session cookie and the pending logins, revokes the refresh tokens, and creates the URL
 * at which the provider ends its session. Each of the three is done even if another one fails.
 */
export async function startLogout(
  context: SessionContext,
  cookieHeader: string | null | undefined,
  options: StartLogoutOptions = {},
): Promise<StartedLogout> {
  const { client, backend } = context;
  const existing = parseAllCookies(cookieHeader);
  const target = findLogoutTarget(context, options.returnTo);
  // The scopes are part of the sessions. If their store is unavailable, only the cookie of the current settings is deleted.
  const deletions = await backend.findDeletions(existing).catch(() => []);
  // The sessions end first, whether or not the provider responds.
  const { count, states, current, ...endedSessions } = await endAllSessions(context, existing);
  // A session that could not be read does not count: its identifier may be invented.
  const logins = await endPendingLogins(context, existing, { isSignedIn: states.length > 0 });
  const repeatedLogout = await repeatLogout(context, options.retry);
  const failure = endedSessions.failure ?? logins.failure ?? repeatedLogout?.failure;
  const cookies = [
    // A copy that was not read may be the user's: its cookie is needed to repeat the logout.
    ...(endedSessions.isTruncated ? [] : [...deletions, ...backend.deleteCookies(existing)]),
    ...logins.cookies,
    ...deleteCompletedMarker(context, existing),
    // The request does not contain each login: the cookies of old ones have expired. None of them is started again.
    ...(hasLoginMarker(context, existing) ? [deleteLoginMarker(context)] : []),
  ];
  const unfinishedSessions = [
    ...endedSessions.unfinishedSessions,
    ...logins.unfinishedSessions,
    ...(repeatedLogout?.unfinishedSessions ?? []),
  ];
  if (count === 0 && !logins.hasStarted && (repeatedLogout || !failure)) {
    const url = repeatedLogout?.url ?? target;
    return {
      url,
      cookies,
      ...(failure && (await createLogoutFailure(context, { url, failure, unfinishedSessions }))),
    };
  }
  const tokenSets = new Map(
    await Promise.all(
      states.map(
        async (state) => [state, (await context.coordinator.findNewestTokens(state.tokens)).tokens] as const,
      ),
    ),
  );
  const idToken = current && tokenSets.get(current)?.idToken;
  const idTokenHint = context.options.idTokenHint === false ? undefined : idToken;
  // Another origin does not receive the cookie with which the state is compared.
  const logoutState = new URL(target).origin === context.baseUrl.origin ? createRandomToken() : undefined;
  const request = { idTokenHint, postLogoutRedirectUri: target, state: logoutState };
  const [url] = await Promise.all([
    createEndSessionUrl(client, request).catch((error: unknown) => {
      reportIncompleteLogout(client, 'provider', error);
      return undefined;
    }),
    ...[...tokenSets.values()].map(({ refreshToken }) => revokeEndedLogin(client, refreshToken)),
  ]);
  const stateCookies = url && logoutState !== undefined ? [createLogoutCookie(context, logoutState)] : [];
  // The provider has no logout, or cannot be reached. The user must know it, in particular on a shared device.
  const location = url?.href ?? createEndedUrl(context, target);
  return {
    url: location,
    cookies: [...cookies, ...stateCookies],
    ...(failure && (await createLogoutFailure(context, { url: location, failure, unfinishedSessions }))),
  };
}

interface UnfinishedLogout {
  readonly url: string;
  readonly failure: AuthError;
  readonly unfinishedSessions: readonly SessionReference[];
}

/** If the value cannot be created, the form sends the logout without it. The server repeats it itself, too. */
const createLogoutFailure = async (context: SessionContext, { failure, ...logout }: UnfinishedLogout) => ({
  failure,
  // If a request has too many copies, its cookies remain, and repeat the logout.
  ...((logout.unfinishedSessions.length > 0 || !(failure instanceof ValidationError)) && {
    retry: await createLogoutRetry(context, logout).catch(() => undefined),
  }),
});

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
  if (isPrefetch(request, router)) return createPrefetchResponse();
  const query = new URL(request.url).searchParams;
  if (request.method !== 'POST' && query.get('ended') === 'application') {
    const endedPage = await createEndedPage(context, request, query.get('returnTo'));
    if (endedPage) return endedPage;
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
  const retry = form?.get('retry') ?? undefined;
  const logout = await startLogout(context, request.headers.get('cookie'), { returnTo, retry });
  if (logout.failure) return createIncompleteResponse(context, request, { ...logout, router });
  const { url, cookies } = logout;
  // A script cannot follow a redirect to the provider. It gets the URL to navigate to.
  return isScriptFetch(request, router)
    ? createJsonResponse({ location: url }, { cookies })
    : createRedirect(url, cookies);
}

/** A session could not be ended. After a redirect, the user would believe that the logout succeeded. */
async function createIncompleteResponse(
  context: SessionContext,
  request: Request,
  { url, cookies, failure, retry, router }: StartedLogout & { readonly router: RouterRequest | undefined },
): Promise<Response> {
  reportFailure(failure, { route: 'logout', status: 503, onEvent: context.client.options.onEvent });
  const response = await respondWithPage(context, request, {
    page: 'logoutIncomplete',
    status: 503,
    code: getErrorCode(failure),
    cookies,
    json: { location: url, ...(retry !== undefined && { retry }) },
    logoutFields: retry === undefined ? {} : { retry },
    isJson: isScriptFetch(request, router),
    createActions: ({ logoutUrl, logoutFields = {} }, labels) => [
      { label: labels.tryAgain, post: logoutUrl, fields: logoutFields },
      { label: labels.continue, href: url },
    ],
  });
  return addRetryAfter(response, failure);
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
  const allowedTargets = getLogoutTargets(context);
  const wantedUrl = returnTo === undefined ? undefined : parseUrl(returnTo, context.baseUrl.href)?.href;
  return (
    allowedTargets.find((uri) => uri === returnTo) ??
    // The provider compares texts, so the result is the registered text.
    allowedTargets.find((uri) => new URL(uri).href === wantedUrl) ??
    (allowedTargets[0] as string)
  );
}
