import { LoginRequiredError } from '../../errors.ts';
import type { SessionContext } from '../context.ts';
import { createErrorResponse } from '../http/error-responses.ts';
import { isSameOrigin, type RouterRequest } from '../http/request-checks.ts';
import { createJsonResponse, createSessionHeaders } from '../http/responses.ts';
import { openRequestSession } from '../open-request-session.ts';
import type { RoutePaths } from '../options.ts';
import { backchannelLogoutRoute } from './backchannel-logout.ts';
import { CallbackError, callbackRoute } from './callback.ts';
import { loginRoute } from './login.ts';
import { logoutRoute } from './logout.ts';

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
 * Handles a request for one of the routes. Returns `undefined` for every other path. It never throws: a failure becomes
 * an error response and is reported once.
 */
export async function handleRequest(
  context: SessionContext,
  request: Request,
  router?: RouterRequest,
): Promise<Response | undefined> {
  const { pathname } = new URL(request.url);
  const name = (Object.keys(routes) as (keyof RoutePaths)[]).find((each) => context.paths[each] === pathname);
  if (name === undefined) return undefined;
  if (name === 'accessToken' && context.options.accessTokenRoute !== true) {
    return createJsonResponse({ error: 'not_found' }, { status: 404 });
  }
  const { methods, run } = routes[name];
  if (!methods.includes(request.method)) {
    const headers = createSessionHeaders();
    headers.set('allow', methods.join(', '));
    return new Response(null, { status: 405, headers });
  }
  try {
    return await run(context, request, router);
  } catch (error) {
    const failure = error instanceof CallbackError ? error : new CallbackError(error, []);
    return createErrorResponse(request, failure.error, {
      route: name,
      onEvent: context.client.options.onEvent,
      cookies: failure.cookies,
      // A user who wanted to log out does not need a link to the login.
      ...(name !== 'logout' && { login: context.paths.login }),
    });
  }
}

/** `GET /auth/session`: the session for the browser, without tokens. */
async function sessionRoute(context: SessionContext, request: Request): Promise<Response> {
  const requestSession = await openRequestSession(context, request.headers.get('cookie'));
  await requestSession.touch();
  return createJsonResponse({ session: requestSession.session ?? null }, { cookies: requestSession.cookies });
}

/** `GET /auth/access-token`: an access token for the application's own scripts, if the route is enabled. */
async function accessTokenRoute(context: SessionContext, request: Request): Promise<Response> {
  if (!isSameOrigin(request, context.baseUrl))
    return createJsonResponse({ error: 'cross_origin_request' }, { status: 403 });
  const query = new URL(request.url).searchParams;
  const requestSession = await openRequestSession(context, request.headers.get('cookie'));
  const tokenRequest = {
    resource: query.get('resource') ?? undefined,
    scope: query.get('scope') ?? undefined,
  };
  try {
    const { accessToken, tokenType, expiresAt, scopes } = await requestSession.getAccessToken(tokenRequest);
    return createJsonResponse(
      { accessToken, tokenType, expiresAt, scopes },
      { cookies: requestSession.cookies },
    );
  } catch (error) {
    if (!(error instanceof LoginRequiredError)) throw error;
    return createJsonResponse({ error: error.code }, { status: 401, cookies: requestSession.cookies });
  }
}
