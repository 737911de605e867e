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
  applyCookies,
  createErrorResponse,
  findRoute,
  isPathBelow,
  isPrefetch,
  setPrivateCaching,
} from '@countersign/core/session/adapter';
import { NextRequest, NextResponse } from 'next/server.js';
import { failureHeader, findLoginRequirement, writeFailedRefreshes } from './failed-refreshes.ts';
import { readRouterRequest } from './router-headers.ts';

/** Options of `auth.proxy()`. */
export interface ProxyOptions {
  /**
   * Paths that need a session, including all paths below them, or a function that decides. Default: none.
   * This is a convenience for the user and no access control: pages, actions and handlers must check the session too.
   *
   * A preflight (`OPTIONS` with `Origin` and `Access-Control-Request-Method`) has no cookies. It reaches the handler without
   * a session, even on these paths, and any program can send one. A handler that responds to every method, for example
   * an API route below `pages/api`, must check the session itself, or respond to `OPTIONS` without data.
   *
   * @see https://fetch.spec.whatwg.org/#cors-preflight-fetch
   */
  readonly protect?: readonly string[] | ((request: NextRequest) => boolean);
  /** Exceptions from `protect`. Default: none. */
  readonly publicPaths?: readonly string[];
  /**
   * Creates the response to a request that needs a session and has none. Default, also for `undefined`: a redirect to the
   * login for pages, otherwise 401.
   */
  readonly onUnauthenticated?: (
    request: NextRequest,
    loginUrl: URL,
  ) => Response | undefined | Promise<Response | undefined>;
  /**
   * Paths, including all paths below them, whose responses are the same for all users. Their `Cache-Control` applies.
   * Default: none; Next's static files are always included.
   *
   * All other responses to signed-in users get `private, no-store` and `Vary: Cookie`, because in Next the headers of a
   * proxy override those of a route handler.
   */
  readonly cacheablePaths?: readonly string[];
  /** Access tokens to refresh before a page is rendered. Default: the token of the login; `[]` refreshes none. */
  readonly tokens?: readonly SessionTokenRequest[];
  /** The proxy of the application. It receives the request with the headers that the page receives. */
  readonly respond?: (request: NextRequest) => Response | Promise<Response>;
}

/** The path that the browser requested: with base path, and with the locale that `i18n` of `next.config` removes. */
const getRequestedPath = ({ nextUrl }: NextRequest): string => nextUrl.href.slice(nextUrl.origin.length);

/** Next rejects a redirect of a proxy to a path. */
function withAbsoluteLocation(response: Response, origin: string): Response {
  const location = response.headers.get('location');
  if (location !== null) response.headers.set('location', new URL(location, origin).href);
  return response;
}

/** The redirect of the provider after a logout arrives at a page. */
const withRequestedUrl = (request: NextRequest): Request =>
  new Request(request.nextUrl.origin + getRequestedPath(request), {
    method: request.method,
    headers: request.headers,
  });

/** Passes the requested path to pages, so that a login returns to it. */
export const pathHeader = 'x-auth-path';

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
  options: ProxyOptions,
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
  options: ProxyOptions,
): Promise<Response> {
  const { pathname, basePath } = request.nextUrl;
  if (findRoute(sessions.paths, basePath + pathname) !== undefined) return respond(request, options);
  const afterLogout =
    request.nextUrl.searchParams.has('state') && (await sessions.handle(withRequestedUrl(request)));
  if (afterLogout) return withAbsoluteLocation(afterLogout, sessions.origin);
  const needsSession = isProtected(request, options);
  try {
    const isUse = !isPrefetch(request, readRouterRequest(request));
    state.requestSession = await sessions.open(request.headers.get('cookie'), { isUse });
  } catch (error) {
    // The store is unavailable. A page on a public path may not need the session; if it does, it gets the same error.
    if (needsSession || !(error instanceof TransportError)) throw error;
    const headers = createPageHeaders(request, { mayRedirect: true, cookies: [] });
    return setPrivate(await respond(request, options, headers), options);
  }
  const { requestSession } = state;
  const { hasTokens, failures } = await refreshTokens(requestSession, options.tokens ?? [{}]);
  const headers = createPageHeaders(request, {
    mayRedirect: !hasTokens,
    cookies: requestSession.cookies,
    failures,
  });
  // A page without a usable token would show a signed-in user without data.
  const requirement = findLoginRequirement(failures);
  if (needsSession && (!requestSession.session || requirement)) {
    const loginUrl = new URL(sessions.paths.login, sessions.origin);
    loginUrl.searchParams.set('returnTo', getRequestedPath(request));
    const prompt = requirement?.authorization?.prompt;
    if (prompt !== undefined) loginUrl.searchParams.set('prompt', prompt);
    const rejection =
      (await options.onUnauthenticated?.(request, loginUrl)) ??
      reject(request, loginUrl, requirement?.code ?? 'not_signed_in');
    return setCookies(new NextResponse(rejection.body, rejection), requestSession);
  }
  const response = await respond(request, options, headers);
  if (requestSession.cookies.length > 0) {
    const mutable = options.respond ? new NextResponse(response.body, response) : response;
    return setCookies(mutable, requestSession);
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
 * Creates the request headers for the page. Returns `undefined` if they do not change, because Next copies the headers
 * several times for a proxy that changes one.
 *
 * @param changes `mayRedirect`: the page may redirect to the login and needs its own path. `cookies`: of the session.
 *   `failures`: refreshes that failed.
 */
function createPageHeaders(
  request: NextRequest,
  {
    mayRedirect,
    cookies,
    failures = [],
  }: {
    readonly mayRedirect: boolean;
    readonly cookies: readonly CookieToSet[];
    readonly failures?: readonly FailedRefresh[];
  },
): Headers | undefined {
  const requestHeaders = request.headers;
  // Values that the client has sent must not reach the page.
  const isForged = requestHeaders.has(pathHeader) || requestHeaders.has(failureHeader);
  if (!mayRedirect && cookies.length === 0 && !isForged) return undefined;
  const headers = new Headers(requestHeaders);
  headers.set(pathHeader, getRequestedPath(request));
  headers.delete(failureHeader);
  if (failures.length > 0) headers.set(failureHeader, writeFailedRefreshes(failures));
  if (cookies.length > 0) headers.set('cookie', applyCookies(requestHeaders.get('cookie'), cookies));
  return headers;
}

/**
 * Refreshes tokens. A failure is left to the page, which may not need the token.
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
      if (error instanceof LoginRequiredError && error.code === 'session_ended')
        return { hasTokens, failures };
      if (error instanceof AuthError) failures.push({ ...token, error });
    }
  }
  // If the time of use cannot be stored now, the next request stores it.
  await requestSession.touch().catch(() => {});
  return { hasTokens, failures };
}

async function respond(request: NextRequest, options: ProxyOptions, headers?: Headers): Promise<Response> {
  const ours = headers ? NextResponse.next({ request: { headers } }) : NextResponse.next();
  if (!options.respond) return ours;
  const theirs = await options.respond(headers ? withHeaders(request, headers) : request);
  return headers ? mergeOverrides(theirs, ours) : theirs;
}

/** Retains the URL object, which contains the base path and the locales of `next.config`. */
const withHeaders = (request: NextRequest, headers: Headers): NextRequest =>
  Object.defineProperty(new NextRequest(request, { headers }), 'nextUrl', { value: request.nextUrl });

const overrideList = 'x-middleware-override-headers';
const overridePrefix = 'x-middleware-request-';

/** Adds the request headers of this proxy to a response that continues to the page. Other overrides of it stay. */
function mergeOverrides(theirs: Response, ours: Response): Response {
  const continues =
    theirs.headers.get('x-middleware-next') === '1' || theirs.headers.has('x-middleware-rewrite');
  if (!continues) return theirs;
  const merged = new Response(theirs.body, theirs);
  const readOverrides = (response: Response) => response.headers.get(overrideList)?.split(',');
  // Without overrides of theirs all headers of ours apply. Otherwise only the headers that this proxy has changed.
  const names = readOverrides(theirs) ? ['cookie', pathHeader, failureHeader] : (readOverrides(ours) ?? []);
  const overrides = new Set(readOverrides(theirs));
  overrides.delete(failureHeader);
  for (const name of names) {
    const value = ours.headers.get(overridePrefix + name);
    if (value !== null) merged.headers.set(overridePrefix + name, value);
    if (value !== null) overrides.add(name);
  }
  merged.headers.set(overrideList, [...overrides].join(','));
  return merged;
}

/** @param response is changed; the caller copies a response of the application first */
function setCookies(response: Response, requestSession: RequestSession): Response {
  addSessionHeaders(response.headers, requestSession.cookies);
  return response;
}

/** Redirects pages to the login. A script or another program gets a response that it can handle. */
function reject(request: NextRequest, loginUrl: URL, code: string): Response {
  const { headers, method, nextUrl } = request;
  // Next's router calls an action, and navigates to the URL in this header, as after `redirect()` in an action.
  if (headers.has('next-action')) {
    const location = `${loginUrl.pathname}${loginUrl.search};push`;
    return new NextResponse(null, { status: 303, headers: { 'x-action-redirect': location } });
  }
  const isForm = method === 'POST' && headers.get('sec-fetch-mode') === 'navigate';
  const isRead = method === 'GET' || method === 'HEAD';
  if (isForm || (isRead && !nextUrl.pathname.startsWith('/api/'))) {
    return NextResponse.redirect(loginUrl, isForm ? 303 : 307);
  }
  return NextResponse.json({ error: code }, { status: 401 });
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
