import { ConfigurationError } from '@countersign/core';
import {
  checkSessionScopes,
  type RequestSession,
  type Session,
  type WebAuth,
} from '@countersign/core/session';
import {
  addAmbiguousCookies,
  isPrefetch,
  requireCoveredPage,
  updateCookieHeader,
} from '@countersign/core/session/adapter';
// Internal modules of Next 15 and 16. `next-internals.test.ts` and the compatibility suite fail if they are removed.
// `next/navigation` also exports `redirect`, but imports React contexts that the proxy's layer lacks.
import { redirect } from 'next/dist/client/components/redirect.js';
// No public function reports whether a cache is being filled (a session read there would be returned to another user),
// which page is rendered, or whether the page is static.
import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js';
import { cookies, headers } from 'next/headers.js';
import { connection } from 'next/server.js';
import {
  failureHeader,
  findLoginLoop,
  findLoginRequirement,
  readFailedRefreshes,
} from '../proxy/failed-refreshes.ts';
import { pathHeader } from '../proxy/page-headers.ts';
import { removeProxyCookies } from '../proxy/proxy-cookies.ts';
import { receivedCookiesHeader } from '../received-cookies.ts';
import {
  beginUse,
  canSetCookies,
  type RequestScope,
  rejectSharedCache,
  rejectUnobservedHandler,
  runSharedCall,
  type WorkUnit,
} from '../request-scope.ts';
import { isForwardedAction } from '../router-headers.ts';
import { setCookies } from '../set-cookies.ts';

/** Finds client and sessions for the headers of a request. */
export type Resolve = (headers: Headers) => WebAuth;

/** The session of one request, with its client and headers. */
export interface OpenSession {
  readonly webAuth: WebAuth;
  readonly requestSession: RequestSession;
  readonly headers: Headers;
  /** Sets the session's cookies on the response, if that is possible. */
  readonly save: () => void | Promise<void>;
}

/** Opens the session of a call within this scope. */
export type Open = (scope: RequestScope) => Promise<OpenSession>;

/**
 * Opens the session of the current request of the App Router.
 *
 * @param request the request, if the caller has it: Next's `headers()` costs more than opening the session
 */
export async function openSession(
  resolve: Resolve,
  scope: RequestScope,
  request?: Request,
): Promise<OpenSession> {
  const { unit } = scope;
  if (!request && !unit) throw createOutsideRequestError();
  beginUse(scope);
  rejectUnobservedHandler(scope);
  await waitForRequest(unit);
  const requestHeaders = request?.headers ?? ((await headers()) as Headers);
  const receivedHeader = requestHeaders.get(receivedCookiesHeader);
  const sentCookies = requestHeaders.get('cookie');
  const cookieHeader =
    receivedHeader === null ? sentCookies : addAmbiguousCookies(sentCookies, receivedHeader);
  const store = hasOriginalCookies(scope, requestHeaders) ? undefined : await cookies();
  scope.hasOpenedSession = true;
  scope.isForwarded = isForwardedAction({ headers: requestHeaders });
  const webAuth = resolve(requestHeaders);
  // Next lists a cookie `name` without "=" with the value "true".
  const current = store
    ? updateCookieHeader(cookieHeader, store.getAll(), { bareValue: 'true' })
    : cookieHeader;
  const requestSession = await webAuth.sessions.open(current, {
    // A function, because the handler can return its response before the call.
    writable: unit?.phase === 'action' ? () => canSetCookies(scope) : false,
    path: unit?.url?.pathname,
    // Next removes the headers of its router, and records the prefetch in its work store.
    isUse: !isPrefetch(
      { headers: requestHeaders },
      { isPrefetch: workAsyncStorage.getStore()?.isPrefetchRequest === true },
    ),
    // Only pages depend on the proxy.
    ...(unit?.phase === 'render' && {
      failedRefreshes: readFailedRefreshes(requestHeaders.get(failureHeader)),
    }),
    // Cookies do not change while a page is rendered. Its layouts and components share these headers.
    request: unit && (unit.phase === 'render' ? requestHeaders : scope.concurrentCalls),
  });
  const save = async () => {
    if (requestSession.cookies.length === 0 || !canSetCookies(scope)) return;
    const jar = store ?? (await cookies());
    scope.hasSetCookies = true;
    await retainTokens(scope, requestSession);
    removeProxyCookies(requestSession.cookies);
    setCookies(jar, requestSession.cookies);
  };
  return { webAuth, requestSession, headers: requestHeaders, save };
}

/** Keeps new tokens for the next request if their cookie is lost, or if it is unknown whether the response contains it. */
async function retainTokens(scope: RequestScope, requestSession: RequestSession): Promise<void> {
  if (!scope.isObserved) await requestSession.retainTokens();
  else scope.retentions.add(() => requestSession.retainTokens());
}

/** Next runs parts of a stream, and timers of other requests, without the request that they belong to. */
const createOutsideRequestError = () =>
  new ConfigurationError(
    'wrong_context',
    'The session was used outside a request, for example while a stream is read. Call it before you return the response, and pass the result to the stream.',
  );

/**
 * Checks whether the current cookies are those of the request: no proxy has set a cookie, and no action or route handler
 * has used the session before. Next's `cookies()` contains the current cookies, but costs more than opening the session.
 */
function hasOriginalCookies({ unit, hasOpenedSession }: RequestScope, requestHeaders: Headers): boolean {
  if (requestHeaders.has('x-middleware-set-cookie') || requestHeaders.has(receivedCookiesHeader))
    return false;
  if (unit?.phase === 'action') return !hasOpenedSession;
  // A page may be rendered after an action, in one request, which then has a body.
  const mayFollowAction = requestHeaders.has('next-action') || requestHeaders.has('content-type');
  return unit?.phase === 'render' && !mayFollowAction;
}

/**
 * Records that the session is in use, if a cookie can be set or the session is in a store. Otherwise a later request
 * records it.
 */
export async function recordUse({ requestSession, save }: OpenSession): Promise<void> {
  await requestSession.touch().catch(() => {});
  await save();
}

/** Returns the session. Redirects a user who is not signed in to the login, and back to this page afterwards. */
export async function requireSession(
  resolve: Resolve,
  scope: RequestScope,
  returnTo?: string,
): Promise<Session> {
  const openedSession = await openSession(resolve, scope);
  await recordUse(openedSession);
  const { requestSession, headers: requestHeaders } = openedSession;
  // A page without a usable token would show a signed-in user without data.
  const failures = readFailedRefreshes(requestHeaders.get(failureHeader));
  const lastError = requestSession.session ? undefined : findLoginLoop(failures);
  if (lastError) throw lastError;
  const requirement = findLoginRequirement(failures);
  const target = { returnTo, prompt: requirement?.authorization?.prompt };
  return (!requirement && requestSession.session) || redirectToLogin(openedSession, scope, target);
}

/** Returns the session if it has these scopes. Otherwise the error makes Next respond with 403. */
export async function requireScopes(
  resolve: Resolve,
  scope: RequestScope,
  scopes: readonly string[],
): Promise<Session> {
  const session = await requireSession(resolve, scope);
  try {
    checkSessionScopes(session, scopes);
  } catch (error) {
    // The digest of `forbidden()`. That function itself throws another error unless `authInterrupts` is enabled.
    throw Object.assign(error as Error, { digest: 'NEXT_HTTP_ERROR_FALLBACK;403' });
  }
  return session;
}

/**
 * Redirects the user to the login, and back to this page afterwards.
 *
 * @param target `returnTo`: default: this page. `prompt`: the interaction that the provider requires of the user.
 */
export function redirectToLogin(
  { webAuth: { sessions }, headers: requestHeaders }: OpenSession,
  { unit }: RequestScope,
  { returnTo, prompt }: { readonly returnTo?: string | undefined; readonly prompt?: string | undefined } = {},
): never {
  // Next adds the base path to every path, but not to a URL.
  const login = (sessions.basePath && sessions.origin) + sessions.paths.login;
  // The proxy passes the address that the browser requested. Without a proxy it is the page that Next renders.
  const page = requestHeaders.get(pathHeader) ?? getPagePath(sessions.basePath, unit?.url);
  const target = returnTo ?? page;
  // With another `returnTo`, the login does not return to this page.
  if (target !== undefined && target === page) requireCoveredPage(sessions.cookiePath, target);
  const parameters = new URLSearchParams({
    ...(target !== undefined && { returnTo: target }),
    ...(prompt !== undefined && { prompt }),
  });
  redirect(parameters.size === 0 ? login : `${login}?${parameters}`);
}

/** The page that is rendered, without the parameter that Next's router adds. */
const getPagePath = (basePath: string, url: WorkUnit['url']): string | undefined =>
  url && basePath + url.pathname + url.search.replace(/(?:^\?|&)_rsc=[^&]*$/, '');

/** Runs a function on the session, and sets the session's cookies, even if the function fails. */
export function runOnSession<T>(
  open: Open,
  scope: RequestScope,
  run: (openedSession: OpenSession) => Promise<T>,
): Promise<T> {
  return runSharedCall(scope, async () => {
    const openedSession = await open(scope);
    try {
      return await run(openedSession);
    } finally {
      await openedSession.save();
    }
  });
}

/**
 * Waits for a request. A page that is prerendered has no request, and no session.
 *
 * @throws ConfigurationError in a shared cache, and in a static page
 */
async function waitForRequest(unit: WorkUnit | undefined): Promise<void> {
  rejectSharedCache(unit);
  // A private cache belongs to one browser. It may read cookies, and must not wait.
  if (unit?.type !== 'private-cache') await waitForConnection(unit);
}

/**
 * In a static export, and with `dynamic = 'error'`, Next throws an error that names `connection()` instead of the cause.
 * With `dynamic = 'force-static'` it throws nothing, and shows all users the page of a user who is not signed in.
 */
async function waitForConnection(unit: WorkUnit | undefined): Promise<void> {
  const work = workAsyncStorage.getStore();
  try {
    // An action or a route handler has a request.
    const hasRequest = unit?.phase === 'action' && !work?.dynamicShouldError;
    if (!work?.forceStatic) return hasRequest ? undefined : await connection();
  } catch (error) {
    if ((error as { readonly code?: unknown } | null)?.code !== 'NEXT_STATIC_GEN_BAILOUT') throw error;
  }
  throw new ConfigurationError(
    'wrong_context',
    'The session was read in a static page (`output: "export"`, `dynamic = "error"` or `dynamic = "force-static"`), which is the same for all users. Remove that setting and run the application with `next start`, or read the session in the browser with useSession(). An application without a server logs in with createBrowserAuth() of @countersign/core/browser.',
  );
}
