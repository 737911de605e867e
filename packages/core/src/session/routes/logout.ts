import { createEndSessionUrl } from '../../client/logout/end-session.ts';
import { revokeToken } from '../../client/logout/revocation.ts';
import { emitEvent } from '../../client/observability.ts';
import { AuthError } from '../../errors.ts';
import type { SessionContext } from '../context.ts';
import { type CookieToSet, parseCookies } from '../cookies/cookies.ts';
import {
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
  const [url] = await Promise.all([
    createEndSessionUrl(client, { idTokenHint, postLogoutRedirectUri: target }).catch(ignoreAuthError),
    refreshToken === undefined
      ? undefined
      : revokeToken(client, refreshToken, { tokenTypeHint: 'refresh_token' }).catch(ignoreAuthError),
  ]);
  return { url: url?.href ?? target, cookies: backend.deleteCookies(existing) };
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
  const { url, cookies } = await startLogout(context, request.headers.get('cookie'), { returnTo });
  // A script cannot follow a redirect to the provider. It gets the URL to navigate to.
  return isScriptFetch(request, router)
    ? createJsonResponse({ location: url }, { cookies })
    : createRedirect(url, cookies);
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

function ignoreAuthError(error: unknown): undefined {
  if (error instanceof AuthError) return undefined;
  throw error;
}
