import { LoginRequiredError, TransportError } from '@countersign/core';
import {
  addSessionHeaders,
  applyCookies,
  type CookieToSet,
  createErrorResponse,
  isPathBelow,
  type RequestSession,
  type SessionTokenRequest,
  setPrivateCaching,
  type WebAuth,
} from '@countersign/core/session';
import { NextRequest, NextResponse } from 'next/server.js';

export interface ProxyOptions {
  /**
   * Paths that need a session, with everything below them, or a function that says so. Default: none.
   * This is a convenience for the user, not the lock on the door: pages, actions and handlers must ask for the session too.
   */
  readonly protect?: readonly string[] | ((request: NextRequest) => boolean);
  /** Exceptions from `protect`. */
  readonly publicPaths?: readonly string[];
  /** Answers a request that needs a session and has none. Default: login for pages, 401 for everything else. */
  readonly onUnauthenticated?: (
    request: NextRequest,
    loginUrl: URL,
  ) => Response | undefined | Promise<Response | undefined>;
  /**
   * Paths, with everything below them, whose responses are the same for every user. For signed-in users too, their own
   * `Cache-Control` counts then. Default: none; Next's own files are always.
   *
   * Everything else that passes this proxy for a signed-in user carries `private, no-store` and `Vary: Cookie`, since
   * Next lets the headers of a proxy win over those of a route handler.
   */
  readonly cacheablePaths?: readonly string[];
  /** Tokens to have ready. Default: the one of the login; `[]` refreshes nothing. */
  readonly tokens?: readonly SessionTokenRequest[];
  /** Your own proxy. It is given the request as the pages will see it. */
  readonly respond?: (request: NextRequest) => Response | Promise<Response>;
}

/** As the browser asked for it: with the base path, and with the language that `i18n` of `next.config` takes out of the path. */
const addressOf = ({ nextUrl }: NextRequest): string => nextUrl.href.slice(nextUrl.origin.length);

/** Tells pages where they are, so that a login brings the user back. */
export const pathHeader = 'x-auth-path';

/**
 * Refreshes tokens before anything is rendered, and hands the fresh session to this very request and to the browser.
 * Sends users without a session to the login where that is asked for.
 */
export async function runProxy(
  resolve: () => WebAuth,
  request: NextRequest,
  options: ProxyOptions,
): Promise<Response> {
  const seen: { auth?: WebAuth; opened?: RequestSession } = {};
  try {
    seen.auth = resolve();
    return await answer(seen, request, options);
  } catch (error) {
    // Whatever was thrown: the path may be a protected one, so it is not let through.
    const { onEvent } = seen.auth?.client.options ?? {};
    return createErrorResponse(request, error, {
      route: 'proxy',
      cookies: refreshedCookies(seen.opened),
      onEvent,
    });
  }
}

/** The cookie of a refresh is set whatever happened afterwards, or the session would be lost. */
function refreshedCookies(opened: RequestSession | undefined): readonly CookieToSet[] {
  try {
    return opened?.cookies ?? [];
  } catch {
    // The session has become too large for cookies.
    return [];
  }
}

async function answer(
  seen: { auth?: WebAuth; opened?: RequestSession },
  request: NextRequest,
  options: ProxyOptions,
): Promise<Response> {
  const { sessions } = seen.auth as WebAuth;
  const { pathname, basePath } = request.nextUrl;
  if (Object.values(sessions.paths).includes(basePath + pathname)) return respond(request, options);
  const depends = isProtected(request, options);
  try {
    seen.opened = await sessions.open(request.headers.get('cookie'));
  } catch (error) {
    // The store is unavailable. A page that is not protected may do without; one that asks for the session gets the error.
    if (depends || !(error instanceof TransportError)) throw error;
    const headers = headersToHandOn(request, { leads: true, cookies: [] });
    return keepResponsePrivate(await respond(request, options, headers), options);
  }
  const { opened } = seen;
  const ready = await refreshAhead(opened, options.tokens ?? [{}]);
  const headers = headersToHandOn(request, { leads: !ready, cookies: opened.cookies });
  if (!opened.session && depends) {
    const loginUrl = new URL(sessions.paths.login, sessions.origin);
    loginUrl.searchParams.set('returnTo', addressOf(request));
    const own = await options.onUnauthenticated?.(request, loginUrl);
    const refusal = own ?? refuse(request, loginUrl);
    return withCookies(new NextResponse(refusal.body, refusal), opened);
  }
  const response = await respond(request, options, headers);
  if (opened.cookies.length > 0)
    return withCookies(options.respond ? new NextResponse(response.body, response) : response, opened);
  const isPersonal = depends || (opened.session && !isCacheable(request, options));
  return isPersonal ? keepResponsePrivate(response, options) : response;
}

/** Keeps what a signed-in user is answered out of shared caches. The headers of the application's own proxy stay. */
function keepResponsePrivate(response: Response, { respond: own }: ProxyOptions): Response {
  const changed = own ? new NextResponse(response.body, response) : response;
  setPrivateCaching(changed.headers);
  return changed;
}

/** Next's own files, and what the application says to be the same for every user. */
const isCacheable = ({ nextUrl: { pathname } }: NextRequest, { cacheablePaths = [] }: ProxyOptions) =>
  isPathBelow(pathname, ['/_next/static', '/_next/image', ...cacheablePaths]);

/**
 * The request's headers as pages shall see them; `undefined` when they are as they came, since Next copies them several
 * times for a proxy that changes any.
 *
 * @param changes whether a page may lead to the login, and then has to know where the user is; and the cookies of the session
 */
function headersToHandOn(
  request: NextRequest,
  { leads, cookies }: { readonly leads: boolean; readonly cookies: readonly CookieToSet[] },
): Headers | undefined {
  const sent = request.headers;
  // An address that a client has sent must not reach a page.
  if (!leads && cookies.length === 0 && !sent.has(pathHeader)) return undefined;
  const headers = new Headers(sent);
  headers.set(pathHeader, addressOf(request));
  if (cookies.length > 0) headers.set('cookie', applyCookies(sent.get('cookie'), cookies));
  return headers;
}

/**
 * A token that cannot be refreshed now is the page's to deal with: it may not need one.
 *
 * @returns whether there is a session with all of these tokens
 */
async function refreshAhead(
  opened: RequestSession,
  tokens: readonly SessionTokenRequest[],
): Promise<boolean> {
  if (!opened.session) return false;
  let ready = true;
  for (const token of tokens) {
    try {
      await opened.getAccessToken(token);
    } catch (error) {
      if (error instanceof LoginRequiredError && error.code === 'session_ended') return false;
      ready = false;
    }
  }
  // That the session was used is written down the next time, where it cannot be written now.
  await opened.touch().catch(() => {});
  return ready;
}

async function respond(request: NextRequest, options: ProxyOptions, headers?: Headers): Promise<Response> {
  const ours = headers ? NextResponse.next({ request: { headers } }) : NextResponse.next();
  if (!options.respond) return ours;
  const theirs = await options.respond(headers ? withHeaders(request, headers) : request);
  return headers ? mergeOverrides(theirs, ours) : theirs;
}

/** The URL is kept as it is: it knows the base path and the languages of `next.config`. */
const withHeaders = (request: NextRequest, headers: Headers): NextRequest =>
  Object.defineProperty(new NextRequest(request, { headers }), 'nextUrl', { value: request.nextUrl });

const overrideList = 'x-middleware-override-headers';
const overridePrefix = 'x-middleware-request-';

/** Adds our request headers to a response that lets the request through, and keeps those that it sets itself. */
function mergeOverrides(theirs: Response, ours: Response): Response {
  const passesOn =
    theirs.headers.get('x-middleware-next') === '1' || theirs.headers.has('x-middleware-rewrite');
  if (!passesOn) return theirs;
  const merged = new Response(theirs.body, theirs);
  const listed = (response: Response) => response.headers.get(overrideList)?.split(',');
  // Without a list of theirs all of ours counts; beside one, only what we have changed.
  const names = listed(theirs) ? ['cookie', pathHeader] : (listed(ours) ?? []);
  const set = new Set(listed(theirs));
  for (const name of names) {
    const value = ours.headers.get(overridePrefix + name);
    if (value !== null) merged.headers.set(overridePrefix + name, value);
    if (value !== null) set.add(name);
  }
  merged.headers.set(overrideList, [...set].join(','));
  return merged;
}

/** @param response is changed: one that the application may hold elsewhere must be a copy */
function withCookies(response: Response, opened: RequestSession): Response {
  addSessionHeaders(response.headers, opened.cookies);
  return response;
}

/** Pages lead to the login; what a script or another program asks for gets an answer that it can use. */
function refuse(request: NextRequest, loginUrl: URL): Response {
  const { headers, method, nextUrl } = request;
  // An action is called by Next's own router, which goes where this header says, as after `redirect()` in an action.
  if (headers.has('next-action')) {
    const location = `${loginUrl.pathname}${loginUrl.search};push`;
    return new NextResponse(null, { status: 303, headers: { 'x-action-redirect': location } });
  }
  const isForm = method === 'POST' && headers.get('sec-fetch-mode') === 'navigate';
  if (isForm || (method === 'GET' && !nextUrl.pathname.startsWith('/api/'))) {
    return NextResponse.redirect(loginUrl, isForm ? 303 : 307);
  }
  return NextResponse.json({ error: 'not_signed_in' }, { status: 401 });
}

function isProtected(request: NextRequest, { protect, publicPaths = [] }: ProxyOptions): boolean {
  const { pathname } = request.nextUrl;
  if (isPathBelow(pathname, publicPaths)) return false;
  return typeof protect === 'function' ? protect(request) : isPathBelow(pathname, protect ?? []);
}
