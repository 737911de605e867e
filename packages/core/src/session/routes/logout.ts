import { createEndSessionUrl } from '../../client/logout/end-session.ts';
import { revokeToken } from '../../client/logout/revocation.ts';
import { emitEvent } from '../../client/observability.ts';
import { AuthError } from '../../errors.ts';
import { type CookieToSet, parseCookies } from '../cookies/cookies.ts';
import { isPrefetch, isSameOrigin, isScriptFetch, readForm } from '../http/request-checks.ts';
import { page, redirect, sessionHeaders } from '../http/responses.ts';
import type { SessionContext } from '../options.ts';

/** What one logout is started with. */
export interface StartLogoutOptions {
  /** Where to send the user afterwards; one of the option `postLogoutRedirectUris`, or a path that is one of them. */
  readonly returnTo?: string | undefined;
}

/**
 * Ends the session here, revokes its refresh token, and says where the provider ends its own session.
 * It succeeds even when the provider is away: the session here is over in any case.
 *
 * @throws TransportError `store_unavailable` when the session could not be ended
 */
export async function endSession(
  context: SessionContext,
  cookieHeader: string | null | undefined,
  options: StartLogoutOptions = {},
): Promise<{ readonly url: string; readonly cookies: readonly CookieToSet[] }> {
  const { client, backend, coordinator } = context;
  const existing = parseCookies(cookieHeader);
  // A store that is unavailable throws: nothing was ended then, nothing says so, and it can be tried again.
  const loaded = await backend.load(existing);
  const target = postLogoutTarget(context, options.returnTo);
  if (!loaded) return { url: target, cookies: backend.forget(existing) };
  // The session first: whatever the provider answers, or does not, nobody stays signed in here.
  await backend.end(loaded);
  emitEvent(client, { type: 'session.ended', issuer: client.issuer, reason: 'logout' });
  // The cookie may be older than the last refresh, and to revoke a spent token ends nothing at some providers.
  const { refreshToken, idToken } = (await coordinator.newest(loaded.state.tokens)).tokens;
  const idTokenHint = context.options.idTokenHint === false ? undefined : idToken;
  const [url] = await Promise.all([
    createEndSessionUrl(client, { idTokenHint, postLogoutRedirectUri: target }).catch(ignoreProvider),
    refreshToken === undefined
      ? undefined
      : revokeToken(client, refreshToken, { tokenTypeHint: 'refresh_token' }).catch(ignoreProvider),
  ]);
  return { url: url?.href ?? target, cookies: backend.forget(existing) };
}

/** `POST /auth/logout`; a `GET` asks first, because a link or picture on any page can make one. */
export async function logoutRoute(context: SessionContext, request: Request): Promise<Response> {
  if (isPrefetch(request)) return new Response(null, { status: 204, headers: sessionHeaders() });
  const query = new URL(request.url).searchParams;
  if (request.method !== 'POST' && context.options.logoutMethod !== 'get')
    return confirmation(context, query.get('returnTo'));
  // Another site must not be able to log the user out (RFC 6749 section 10.12 is about the same kind of forgery).
  if (request.method === 'POST' && !isSameOrigin(request, context.baseUrl)) {
    return page({
      status: 403,
      title: 'Not logged out',
      text: 'The request came from another site, so nothing was done.',
      code: 'cross_origin_request',
      action: { label: 'Back', href: `${context.basePath}/` },
    });
  }
  const form = request.method === 'POST' ? await readForm(request) : undefined;
  const returnTo = form?.get('returnTo') ?? query.get('returnTo') ?? undefined;
  const { url, cookies } = await endSession(context, request.headers.get('cookie'), { returnTo });
  if (!isScriptFetch(request)) return redirect(url, cookies);
  // A script cannot follow to the provider; it is told where to navigate.
  const headers = sessionHeaders(cookies);
  headers.set('content-type', 'application/json');
  return new Response(JSON.stringify({ location: url }), { headers });
}

function confirmation(context: SessionContext, returnTo: string | null): Response {
  const target = returnTo === null ? {} : { returnTo: postLogoutTarget(context, returnTo) };
  return page({
    status: 200,
    title: 'Log out?',
    text: 'You will have to log in again to see what is yours.',
    action: { label: 'Log out', post: context.paths.logout, fields: target },
  });
}

/** Only an address of the list: an open redirect after logout serves phishers as well as one after login. */
function postLogoutTarget(
  { options, baseUrl, basePath }: SessionContext,
  returnTo: string | undefined,
): string {
  const allowed = options.postLogoutRedirectUris ?? [`${baseUrl.origin}${basePath}/`];
  const wanted =
    returnTo !== undefined && URL.canParse(returnTo, baseUrl) ? new URL(returnTo, baseUrl).href : undefined;
  return allowed.find((uri) => uri === wanted) ?? (allowed[0] as string);
}

function ignoreProvider(error: unknown): undefined {
  if (error instanceof AuthError) return undefined;
  throw error;
}
