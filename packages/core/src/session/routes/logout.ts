import { createEndSessionUrl } from '../../client/logout/end-session.ts';
import { reportIncompleteLogout, revokeEndedLogin } from '../../client/logout/incomplete-logout.ts';
import { type AuthError, getErrorCode } from '../../errors.ts';
import type { SessionReference } from '../backends/session-backend.ts';
import type { SessionContext } from '../context.ts';
import { type CookieToSet, parseCookies, type RequestCookies } from '../cookies/cookies.ts';
import { endSession, type SessionEnd } from '../end-session.ts';
import { addRetryAfter } from '../http/error-responses.ts';
import { describeFailure, reportFailure } from '../http/failure-report.ts';
import {
  acceptsHtml,
  isPrefetch,
  isSameOrigin,
  isScriptFetch,
  type RouterRequest,
  readForm,
} from '../http/request-checks.ts';
import { createJsonResponse, createPage, createRedirect, createSessionHeaders } from '../http/responses.ts';

/** Options of `sessions.startLogout()`. */
export interface StartLogoutOptions {
  /** Where to send the user after logout: one of `postLogoutRedirectUris`, or the path of one. Default: the first one. */
  readonly returnTo?: string | undefined;
}

/** The result of `sessions.startLogout()`. */
export interface StartedLogout {
  /** The address at which the provider ends its session, or the page of the application after the logout. */
  readonly url: string;
  /** Cookies that the response must set. They delete the session of this browser. */
  readonly cookies: readonly CookieToSet[];
  /**
   * The error of the session store if the session could not be ended there. A copy of the cookie remains valid until the
   * store is available: this process repeats the end. Do not tell the user that the logout succeeded. Default: none.
   */
  readonly failure?: AuthError | undefined;
}

/**
 * Ends the session, revokes its refresh token, and creates the URL at which the provider ends its session. Each of the
 * three is done even if another one fails.
 */
export async function startLogout(
  context: SessionContext,
  cookieHeader: string | null | undefined,
  options: StartLogoutOptions = {},
): Promise<StartedLogout> {
  const { client, backend } = context;
  const existing = parseCookies(cookieHeader);
  const cookies = backend.deleteCookies(existing);
  const target = findLogoutTarget(context, options.returnTo);
  // The session ends first, whether or not the provider responds.
  const ended = await endCurrentSession(context, existing);
  if (!ended) return { url: target, cookies };
  const { state, failure } = ended;
  const tokens = state && (await context.coordinator.findNewestTokens(state.tokens)).tokens;
  const idTokenHint = context.options.idTokenHint === false ? undefined : tokens?.idToken;
  const [url] = await Promise.all([
    createEndSessionUrl(client, { idTokenHint, postLogoutRedirectUri: target }).catch((error: unknown) => {
      reportIncompleteLogout(client, 'provider', error);
      return undefined;
    }),
    revokeEndedLogin(client, tokens?.refreshToken),
  ]);
  return { url: url?.href ?? target, cookies, ...(failure && { failure }) };
}

/** Returns `undefined` if the user is not signed in. */
async function endCurrentSession(
  context: SessionContext,
  existing: RequestCookies,
): Promise<SessionEnd | undefined> {
  const { backend } = context;
  let session: SessionReference | undefined;
  try {
    session = await backend.load(existing);
  } catch (error) {
    session = await backend.identify(existing).catch(() => undefined);
    if (!session) return { failure: error as AuthError };
  }
  return session && endSession(context, session, 'logout');
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
  if (request.method !== 'POST' && context.options.logoutMethod !== 'get')
    return createConfirmation(context, query.get('returnTo'));
  // Another site must not log the user out (CSRF, compare RFC 6749 section 10.12).
  if (request.method === 'POST' && !isSameOrigin(request, context.baseUrl)) {
    return createPage({
      status: 403,
      title: 'Not logged out',
      text: 'The request came from another site and was ignored.',
      code: 'cross_origin_request',
      action: { label: 'Back', href: `${context.basePath}/` },
    });
  }
  const form = request.method === 'POST' ? await readForm(request) : undefined;
  const returnTo = form?.get('returnTo') ?? query.get('returnTo') ?? undefined;
  const logout = await startLogout(context, request.headers.get('cookie'), { returnTo });
  if (logout.failure) return createIncompleteResponse(context, request, { ...logout, router });
  const { url, cookies } = logout;
  // A script cannot follow a redirect to the provider. It gets the URL to navigate to.
  return isScriptFetch(request, router)
    ? createJsonResponse({ location: url }, { cookies })
    : createRedirect(url, cookies);
}

/** The session could not be ended in its store. A redirect would tell the user that the logout succeeded. */
function createIncompleteResponse(
  { client }: SessionContext,
  request: Request,
  { url, cookies, failure, router }: StartedLogout & { readonly router: RouterRequest | undefined },
): Response {
  reportFailure(failure, { route: 'logout', status: 503, onEvent: client.options.onEvent });
  const text =
    'You are logged out in this browser. The session could not be ended on the server, because the session store is temporarily unavailable. The server tries again.';
  const response =
    isScriptFetch(request, router) || !acceptsHtml(request)
      ? createJsonResponse(
          { error: getErrorCode(failure), message: text, location: url },
          { status: 503, cookies },
        )
      : createPage({
          status: 503,
          title: 'Logout is not complete',
          text,
          code: describeFailure(failure),
          cookies,
          action: { label: 'Continue', href: url },
        });
  return addRetryAfter(response, failure);
}

function createConfirmation(context: SessionContext, returnTo: string | null): Response {
  const fields = returnTo === null ? {} : { returnTo: findLogoutTarget(context, returnTo) };
  return createPage({
    status: 200,
    title: 'Log out?',
    text: 'You will have to log in again to see your data.',
    action: { label: 'Log out', post: context.paths.logout, fields },
  });
}

/** Only a URL of the list: an open redirect after logout helps phishing as much as one after login. */
function findLogoutTarget(
  { options, baseUrl, basePath }: SessionContext,
  returnTo: string | undefined,
): string {
  const allowed = options.postLogoutRedirectUris ?? [`${baseUrl.origin}${basePath}/`];
  const target =
    returnTo !== undefined && URL.canParse(returnTo, baseUrl) ? new URL(returnTo, baseUrl).href : undefined;
  return allowed.find((uri) => uri === target) ?? (allowed[0] as string);
}
