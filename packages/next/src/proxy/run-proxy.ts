import { AuthError, LoginRequiredError, TransportError } from '@countersign/core';
import type {
  CookieToSet,
  FailedRefresh,
  RequestSession,
  SessionTokenRequest,
  WebAuth,
} from '@countersign/core/session';
import {
  addSessionHeaders,
  createErrorResponse,
  findRoute,
  isPathBelow,
  isPrefetch,
  requireCoveredPage,
  setPrivateCaching,
} from '@countersign/core/session/adapter';
import { type NextRequest, NextResponse } from 'next/server.js';
import { findReceivedCookies, readCookieHeader, restoreCookies } from '../received-cookies.ts';
import { isForwardedAction, readRouterRequest } from '../router-headers.ts';
import { continueRequest } from './continue-request.ts';
import { findLoginLoop, findLoginRequirement } from './failed-refreshes.ts';
import { createPageHeaders, createRouteHeaders, getRequestedPath } from './page-headers.ts';
import type { ProxyOptions } from './proxy-options.ts';
import { rejectRequest } from './reject-request.ts';

/** Next rejects a redirect of a proxy to a path. */
function withAbsoluteLocation(response: Response, origin: string): Response {
  const location = response.headers.get('location');
  if (location !== null) response.headers.set('location', new URL(location, origin).href);
  return response;
}

/** The redirect of the provider after a logout arrives at a page. */
const withRequestedUrl = (request: NextRequest, receivedCookies: string | null | undefined): Request =>
  restoreCookies(
    new Request(request.nextUrl.origin + getRequestedPath(request), {
      method: request.method,
      headers: request.headers,
    }),
    receivedCookies,
  );

interface ProxyRunOptions extends ProxyOptions {
  /** The `Cookie` header that the server received. Default: that of the request. */
  readonly receivedCookies?: string | null | undefined;
}

/** The client and the session that the proxy has found so far. An error response uses them. */
interface ProxyState {
  webAuth?: WebAuth;
  requestSession?: RequestSession;
}

/**
 * Refreshes tokens before a page is rendered, and passes the new session to this request and to the browser. Redirects
 * users without a session to the login on protected paths.
 */
export async function runProxy(
  resolve: () => WebAuth,
  request: NextRequest,
  options: ProxyRunOptions,
): Promise<Response> {
  const state: ProxyState = {};
  try {
    state.webAuth = resolve();
    return await createResponse(state, state.webAuth, request, options);
  } catch (error) {
    // The path may be protected, so any error denies access.
    const cookies = readRefreshedCookies(state.requestSession);
    if (!state.webAuth) return createErrorResponse(request, error, { route: 'proxy', cookies });
    const path = getRequestedPath(request);
    const { sessions } = state.webAuth;
    const options = { route: 'proxy', cookies, returnTo: path, retry: path };
    return withAbsoluteLocation(await sessions.respondToError(request, error, options), sessions.origin);
  }
}

/** The cookie of a refresh is set even if the request fails. Otherwise the session would be lost. */
function readRefreshedCookies(requestSession: RequestSession | undefined): readonly CookieToSet[] {
  try {
    return requestSession?.cookies ?? [];
  } catch {
    // The session has become too large for cookies.
    return [];
  }
}

async function createResponse(
  state: ProxyState,
  { sessions }: WebAuth,
  request: NextRequest,
  options: ProxyRunOptions,
): Promise<Response> {
  const { pathname, basePath } = request.nextUrl;
  const { receivedCookies } = options;
  const ambiguous = findReceivedCookies(request.headers, receivedCookies);
  if (findRoute(sessions.paths, basePath + pathname) !== undefined)
    return continueRequest(request, {
      respond: options.respond,
      headers: createRouteHeaders(request, ambiguous),
    });
  const afterLogout =
    request.nextUrl.searchParams.has('state') &&
    (await sessions.handle(withRequestedUrl(request, receivedCookies), {
      ...readRouterRequest(request),
      pagePath: basePath + pathname,
    }));
  if (afterLogout) return withAbsoluteLocation(afterLogout, sessions.origin);
  const needsSession = isProtected(request, options);
  const isForwarded = isForwardedAction(request);
  const isRedirect = isRedirectOfAction(request);
  try {
    const isUse = !isPrefetch(request, readRouterRequest(request));
    state.requestSession = await sessions.open(readCookieHeader(request.headers, receivedCookies), {
      isUse,
      writable: !isRedirect && !isForwarded,
    });
  } catch (error) {
    // The store is unavailable. A page on a public path may not need the session; if it does, it gets the same error.
    if (needsSession || !(error instanceof TransportError)) throw error;
    const headers = createPageHeaders(request, { mayRedirect: true, cookies: [], ambiguous });
    return setPrivate(await continueRequest(request, { respond: options.respond, headers }), options);
  }
  const { requestSession } = state;
  const { hasTokens, failures } = await refreshTokens(requestSession, options.tokens ?? [{}]);
  // A login would not help: the provider has ended the last ones at once.
  const lastError = requestSession.session ? undefined : findLoginLoop(failures);
  if (needsSession && lastError) throw lastError;
  // Without a page, the browser requests it itself, and receives the cookies of the refresh. Next ignores a forwarded action
  // that redirects without a page, so that page is rendered without a token.
  if (isRedirect && !isForwarded && failures.some(({ error }) => error.code === 'wrong_context'))
    return setPrivate(new NextResponse(null, { status: 204 }), {});
  const headers = createPageHeaders(request, {
    mayRedirect: !hasTokens,
    cookies: requestSession.cookies,
    failures,
    ambiguous,
  });
  // A page without a usable token would show a signed-in user without data.
  const requirement = findLoginRequirement(failures);
  if (needsSession && (!requestSession.session || requirement)) {
    requireCoveredPage(sessions.cookiePath, getRequestedPath(request));
    const loginUrl = new URL(sessions.paths.login, sessions.origin);
    loginUrl.searchParams.set('returnTo', getRequestedPath(request));
    const prompt = requirement?.authorization?.prompt;
    if (prompt !== undefined) loginUrl.searchParams.set('prompt', prompt);
    const rejection =
      (await options.onUnauthenticated?.(request, loginUrl)) ??
      rejectRequest(request, loginUrl, requirement?.code ?? 'not_signed_in');
    return addSessionCookies(new NextResponse(rejection.body, rejection), requestSession);
  }
  const { cookies } = requestSession;
  const response = await continueRequest(request, { respond: options.respond, headers, cookies });
  if (cookies.length > 0) {
    const mutable = options.respond ? new NextResponse(response.body, response) : response;
    return addSessionCookies(mutable, requestSession);
  }
  const isPersonal = needsSession || (requestSession.session && !isCacheable(request, options));
  return isPersonal ? setPrivate(response, options) : response;
}

/** Marks a response to a signed-in user as private. A `Cache-Control` of the application's proxy stays. */
function setPrivate(response: Response, { respond: applicationProxy }: ProxyOptions): Response {
  const mutable = applicationProxy ? new NextResponse(response.body, response) : response;
  setPrivateCaching(mutable.headers);
  return mutable;
}

/** Next's static files, and the paths that the application declares. */
const isCacheable = ({ nextUrl: { pathname } }: NextRequest, { cacheablePaths = [] }: ProxyOptions) =>
  isPathBelow(pathname, ['/_next/static', '/_next/image', ...cacheablePaths]);

/**
 * Refreshes tokens. A failure is passed to the page, which may not need the token.
 *
 * @returns `hasTokens`: there is a session with all of these tokens
 */
async function refreshTokens(
  requestSession: RequestSession,
  tokens: readonly SessionTokenRequest[],
): Promise<{ readonly hasTokens: boolean; readonly failures: readonly FailedRefresh[] }> {
  const failures: FailedRefresh[] = [];
  if (!requestSession.session) return { hasTokens: false, failures };
  let hasTokens = true;
  for (const token of tokens) {
    try {
      await requestSession.getAccessToken(token);
    } catch (error) {
      hasTokens = false;
      // The failures before concern a session that has ended.
      if (error instanceof LoginRequiredError && error.code === 'session_ended')
        return { hasTokens, failures: [] };
      if (error instanceof AuthError) failures.push({ ...token, error });
    }
  }
  // If the time of use cannot be stored now, the next request stores it.
  await requestSession.touch().catch(() => {});
  return { hasTokens, failures };
}

/**
 * Checks whether Next requests the page to which an action redirects, with the headers of the action. It sends the response
 * to the browser without its cookies, as it does for an action that it forwards.
 */
const isRedirectOfAction = ({ method, headers }: NextRequest): boolean =>
  method === 'GET' &&
  headers.has('content-type') &&
  headers.get('accept')?.includes('text/x-component') === true;

/** @param response is changed; the caller copies a response of the application first */
function addSessionCookies(response: Response, requestSession: RequestSession): Response {
  addSessionHeaders(response.headers, requestSession.cookies);
  return response;
}

function isProtected(request: NextRequest, { protect, publicPaths = [] }: ProxyOptions): boolean {
  const { pathname } = request.nextUrl;
  if (isPreflight(request) || isPathBelow(pathname, publicPaths)) return false;
  return typeof protect === 'function' ? protect(request) : isPathBelow(pathname, protect ?? []);
}

/**
 * Browsers send a preflight without cookies, before a request from another origin (Fetch section 4.8). It has a method, and
 * is never a navigation to a page.
 */
const isPreflight = ({ method, headers }: NextRequest): boolean =>
  method === 'OPTIONS' &&
  Boolean(headers.get('origin') && headers.get('access-control-request-method')) &&
  headers.get('sec-fetch-mode') !== 'navigate';
