import { LoginRequiredError, ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { sanitizeReturnTo } from '../../protocol/login/return-to.ts';
import type { SessionContext } from '../context.ts';
import { parseCookies } from '../cookies/cookies.ts';
import { isPrefetch, isSameOrigin, type RouterRequest } from '../http/request-checks.ts';
import { createJsonResponse, createSessionHeaders } from '../http/responses.ts';
import { findRoute, type RoutePaths } from '../http/route-paths.ts';
import { respondToError } from '../pages/error-responses.ts';
import { openRequestSession } from '../requests/open-request-session.ts';
import { CallbackError, callbackRoute } from './login/callback-route.ts';
import { getDefaultReturnTo } from './login/default-return-to.ts';
import { deleteCompletedMarker } from './login/login-marker.ts';
import { loginRoute } from './login/login-route.ts';
import { backchannelLogoutRoute } from './logout/backchannel-logout-route.ts';
import { finishLogout } from './logout/logout-return.ts';
import { logoutRoute } from './logout/logout-route.ts';

type Route = (context: SessionContext, request: Request, router?: RouterRequest) => Promise<Response>;

const routes: Record<keyof RoutePaths, { readonly methods: readonly string[]; readonly run: Route }> = {
  login: { methods: ['GET', 'POST'], run: loginRoute },
  callback: { methods: ['GET', 'POST'], run: callbackRoute },
  logout: { methods: ['GET', 'POST'], run: logoutRoute },
  session: { methods: ['GET'], run: sessionRoute },
  accessToken: { methods: ['GET'], run: accessTokenRoute },
  backchannelLogout: { methods: ['POST'], run: backchannelLogoutRoute },
};

/**
 * Handles a request for one of the routes, and the redirect after a logout. Returns `undefined` for every other path. It
 * never throws: a failure becomes an error response and is reported once.
 */
export async function handleRequest(
  context: SessionContext,
  request: Request,
  router?: RouterRequest,
): Promise<Response | undefined> {
  const { pathname } = new URL(request.url);
  const name = findRoute(context.paths, pathname);
  if (name === undefined)
    return request.method === 'GET' ? finishLogout(context, request, router) : undefined;
  if (isDisabled(context, name)) {
    return createJsonResponse({ error: 'not_found' }, { status: 404 });
  }
  const { methods, run } = routes[name];
  // HEAD is GET without a body (RFC 9110 section 9.3.2).
  if (request.method === 'HEAD' && methods.includes('GET')) {
    // Only the URL and headers: a constructor accepts no proxy of a request, which Next passes to route handlers.
    const get = new Request(request.url, { headers: request.headers });
    const response = await handleRequest(context, get, router);
    return response && new Response(null, response);
  }
  if (!methods.includes(request.method)) {
    const headers = createSessionHeaders();
    headers.set('allow', methods.join(', '));
    return new Response(null, { status: 405, headers });
  }
  try {
    return await run(context, request, router);
  } catch (error) {
    const failure =
      error instanceof CallbackError
        ? error
        : { error, ...readFailedRoute(context, { name, request, error }) };
    return respondToError(context, request, failure.error, { ...failure, route: name });
  }
}

/** The access token route is an option. The back-channel logout needs tokens that the provider signs. */
const isDisabled = ({ options, client }: SessionContext, name: keyof RoutePaths): boolean =>
  (name === 'accessToken' && options.accessTokenRoute !== true) ||
  (name === 'backchannelLogout' && client.options.provider?.oauth2Userinfo !== undefined);

/** The page that the user wanted, and where to try again. */
function readFailedRoute(
  context: SessionContext,
  {
    name,
    request,
    error,
  }: { readonly name: keyof RoutePaths; readonly request: Request; readonly error: unknown },
) {
  // A user who wanted to log out does not need a link to the login.
  if (name === 'logout') return { retry: context.paths.logout };
  const { origin } = context.baseUrl;
  const returnTo = sanitizeReturnTo(new URL(request.url).searchParams.get('returnTo'), {
    origin,
    fallback: getDefaultReturnTo(context),
  });
  // After the error page, "Try again" starts another login.
  return {
    returnTo,
    ...(isLostSession(error) && {
      cookies: deleteCompletedMarker(context, parseCookies(request.headers.get('cookie'))),
    }),
  };
}

const isLostSession = (error: unknown) =>
  error instanceof ValidationError && error.code === 'session_cookie_missing';

/**
 * `GET /auth/session`: the session for the browser, without tokens. `extend=false` does not count as use of the session,
 * `extend=true` extends its idle lifetime in any case. A prefetch never does. `now` is the time of the server: clocks of browsers differ.
 */
async function sessionRoute(
  context: SessionContext,
  request: Request,
  router?: RouterRequest,
): Promise<Response> {
  const extend = new URL(request.url).searchParams.get('extend');
  const isUse = !isPrefetch(request, router);
  const requestSession = await openRequestSession(context, request.headers.get('cookie'), { isUse });
  if (isUse && extend !== 'false') await requestSession.touch({ force: extend === 'true' });
  const { session = null, cookies } = requestSession;
  return createJsonResponse(session ? { session, now: seconds(context.now) } : { session }, { cookies });
}

/** `GET /auth/access-token`: an access token for the application's own scripts, if the route is enabled. */
async function accessTokenRoute(
  context: SessionContext,
  request: Request,
  router?: RouterRequest,
): Promise<Response> {
  if (!isSameOrigin(request, context.baseUrl))
    return createJsonResponse({ error: 'cross_origin_request' }, { status: 403 });
  const query = new URL(request.url).searchParams;
  const isUse = !isPrefetch(request, router);
  const requestSession = await openRequestSession(context, request.headers.get('cookie'), { isUse });
  const tokenRequest = {
    resource: query.get('resource') ?? undefined,
    scope: query.get('scope') ?? undefined,
  };
  try {
    const { accessToken, tokenType, expiresAt, scopes } = await requestSession.getAccessToken(tokenRequest);
    await requestSession.touch();
    return createJsonResponse(
      { accessToken, tokenType, expiresAt, scopes },
      { cookies: requestSession.cookies },
    );
  } catch (error) {
    const { cookies } = requestSession;
    if (error instanceof LoginRequiredError)
      return createJsonResponse({ error: error.code }, { status: 401, cookies });
    // A refresh may have stored a new refresh token although its access token was rejected.
    return respondToError(context, request, error, { route: 'accessToken', cookies });
  }
}
