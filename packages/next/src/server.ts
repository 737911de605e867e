import { ConfigurationError } from '@countersign/core';
import {
  checkSessionScopes,
  type RequestSession,
  type Session,
  updateCookieHeader,
  type WebAuth,
} from '@countersign/core/session';
// Three inner modules of Next, there in 15 and 16; `next-internals.test.ts` and the compatibility suite fail when they go.
// `redirect` has a public place too, `next/navigation`, but with it come React contexts that the proxy's layer lacks.
import { redirect } from 'next/dist/client/components/redirect.js';
// No public function says that a cache is being filled, and a session read there would be handed to another user,
// nor which page is being rendered, nor that its requests are being kept from it.
import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js';
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js';
import { cookies, headers } from 'next/headers.js';
import { connection } from 'next/server.js';
import { pathHeader } from './proxy.ts';
import { canSetCookies, stateOf, type WorkUnit } from './request-state.ts';

/** Options by the headers of a request. */
export type Resolve = (headers: Headers) => WebAuth;

/** The session of one request, with what belongs to it. */
export interface OpenSession {
  readonly resolved: WebAuth;
  readonly opened: RequestSession;
  readonly headers: Headers;
  /** Sets the cookies that came of what was done, where that is possible. */
  readonly save: () => void | Promise<void>;
}

/**
 * The session of the request that is being answered, wherever in the App Router this runs.
 *
 * @param request the request itself, where it is at hand: Next's `headers()` costs more than to open the session
 */
export async function openHere(resolve: Resolve, request?: Request): Promise<OpenSession> {
  if (!request && !workUnit()) throw outsideOfRequest();
  await waitForRequest();
  const requestHeaders = request?.headers ?? ((await headers()) as Headers);
  const sent = requestHeaders.get('cookie');
  const unit = workUnit();
  const state = stateOf(unit);
  const store = hasSetNothing(unit, requestHeaders) ? undefined : await cookies();
  state.asked = true;
  const resolved = resolve(requestHeaders);
  const opened = await resolved.sessions.open(store ? updateCookieHeader(sent, store.getAll()) : sent, {
    // Asked each time: a handler may have returned its response meanwhile.
    writable: unit?.phase === 'action' ? () => canSetCookies(unit) : false,
    path: unit?.url?.pathname,
    // No cookie changes while a page is rendered, and its layouts and components have these headers in common.
    request: unit && (unit.phase === 'render' ? requestHeaders : state.shared),
  });
  const save = async () => {
    if (opened.cookies.length === 0 || !canSetCookies(unit)) return;
    const jar = store ?? (await cookies());
    state.wrote = true;
    for (const { name, value, ...attributes } of opened.cookies) jar.set(name, value, attributes);
  };
  return { resolved, opened, headers: requestHeaders, save };
}

/** Next calls some parts of a stream, and timers of other requests, without the request that they belong to. */
const outsideOfRequest = () =>
  new ConfigurationError(
    'wrong_context',
    'The session was asked for outside a request, for example when a stream is read. Call it before you return the response, and pass what you need on.',
  );

/**
 * Whether what was sent is all there is: no proxy has set a cookie, and neither has an action or route handler that
 * asked for the session before. Next's own cookies would say it too, and cost more than to open the session.
 */
function hasSetNothing(unit: WorkUnit | undefined, requestHeaders: Headers): boolean {
  if (requestHeaders.has('x-middleware-set-cookie')) return false;
  if (unit?.phase === 'action') return !stateOf(unit).asked;
  // A page may be rendered after an action, in one request, which then has a body.
  const mayFollowAction = requestHeaders.has('next-action') || requestHeaders.has('content-type');
  return unit?.phase === 'render' && !mayFollowAction;
}

/** Sends who is not signed in to the login, and back to this page afterwards. */
export async function requireSession(resolve: Resolve, returnTo: string | undefined): Promise<Session> {
  const here = await openHere(resolve);
  return here.opened.session ?? goToLogin(here, returnTo);
}

/** Asks for a session with these scopes, and has Next answer 403 where one is missing. */
export async function requireScopes(resolve: Resolve, scopes: readonly string[]): Promise<Session> {
  const session = await requireSession(resolve, undefined);
  try {
    checkSessionScopes(session, scopes);
  } catch (error) {
    // What `forbidden()` throws; that function itself refuses where `authInterrupts` is not switched on.
    throw Object.assign(error as Error, { digest: 'NEXT_HTTP_ERROR_FALLBACK;403' });
  }
  return session;
}

/** Sends the user to the login, and back to this page. */
export function goToLogin({ resolved: { sessions }, headers: sent }: OpenSession, returnTo?: string): never {
  // Next puts the base path in front of every path; a whole address it leaves alone.
  const login = (sessions.basePath && sessions.origin) + sessions.paths.login;
  // The proxy says which page the browser asked for; without one it is the page that Next renders.
  const target = returnTo ?? sent.get(pathHeader) ?? pathHere(sessions.basePath);
  redirect(target === undefined ? login : `${login}?${new URLSearchParams({ returnTo: target })}`);
}

/** The page that is being rendered, without what Next's router adds to its address. */
const pathHere = (basePath: string, url = workUnit()?.url): string | undefined =>
  url && basePath + url.pathname + url.search.replace(/(?:^\?|&)_rsc=[^&]*$/, '');

/** Runs something on the session, and sets the cookies that came of it, also when it failed. */
export async function onSession<T>(
  open: () => Promise<OpenSession>,
  run: (session: OpenSession) => Promise<T>,
): Promise<T> {
  const state = stateOf(workUnit());
  state.shared ??= { calls: 0 };
  const work = state.shared;
  work.calls++;
  try {
    const session = await open();
    try {
      return await run(session);
    } finally {
      await session.save();
    }
  } finally {
    if (--work.calls === 0) state.shared = undefined;
  }
}

export const workUnit = () => workUnitAsyncStorage.getStore() as WorkUnit | undefined;

/**
 * Waits for a real request: a session is looked up in time, and a page that is rendered ahead has none.
 *
 * @throws ConfigurationError inside a shared cache, and where no request will ever come
 */
async function waitForRequest(): Promise<void> {
  const doing = workUnit()?.type;
  if (doing === 'cache' || doing === 'unstable-cache') {
    throw new ConfigurationError(
      'wrong_context',
      'The session was read inside "use cache", where one user would be given what belongs to another. Read it outside and pass what you need as an argument, or use "use cache: private".',
    );
  }
  // A private cache belongs to one browser; it may read cookies, and must not wait.
  if (doing !== 'private-cache') await connectionOrExplain();
}

/**
 * In a static export, and below `dynamic = 'error'`, Next refuses to wait: it names its own function, not the mistake.
 * Below `dynamic = 'force-static'` it says nothing, and shows everybody the page of nobody.
 */
async function connectionOrExplain(): Promise<void> {
  const work = workAsyncStorage.getStore();
  try {
    // What runs as an action or a route handler has its request.
    const isThere = workUnit()?.phase === 'action' && !work?.dynamicShouldError;
    if (!work?.forceStatic) return isThere ? undefined : await connection();
  } catch (error) {
    if ((error as { readonly code?: unknown } | null)?.code !== 'NEXT_STATIC_GEN_BAILOUT') throw error;
  }
  throw new ConfigurationError(
    'wrong_context',
    'The session was read in a page that is built ahead, by `output: "export"`, `dynamic = "error"` or `dynamic = "force-static"`: it is the same file for everybody. Remove that setting and run the application with `next start`, or read the session in the browser, with useSession(). An application without a server logs in in the browser, with createBrowserAuth() of @countersign/core/browser.',
  );
}
