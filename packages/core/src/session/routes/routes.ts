import { LoginRequiredError } from '../../errors.ts';
import { isSameOrigin } from '../http/request-checks.ts';
import { json, sessionHeaders } from '../http/responses.ts';
import type { RoutePaths, SessionContext } from '../options.ts';
import { openRequestSession } from '../request-session.ts';
import { backchannelLogoutRoute } from './backchannel-logout.ts';
import { CallbackFailure, callbackRoute } from './callback.ts';
import { createErrorResponse } from './failures.ts';
import { loginRoute } from './login.ts';
import { logoutRoute } from './logout.ts';

type Route = (context: SessionContext, request: Request) => Promise<Response>;

const routes: Record<keyof RoutePaths, { readonly methods: readonly string[]; readonly run: Route }> = {
  login: { methods: ['GET', 'POST'], run: loginRoute },
  callback: { methods: ['GET', 'POST'], run: callbackRoute },
  logout: { methods: ['GET', 'POST'], run: logoutRoute },
  session: { methods: ['GET'], run: sessionRoute },
  accessToken: { methods: ['GET'], run: accessTokenRoute },
  backchannelLogout: { methods: ['POST'], run: backchannelLogoutRoute },
};

/**
 * Answers a request for one of the routes; `undefined` for every other path. Whatever is thrown meanwhile is answered
 * with an error and reported once: it never reaches the server.
 */
export async function handleRequest(
  context: SessionContext,
  request: Request,
): Promise<Response | undefined> {
  const { pathname } = new URL(request.url);
  const name = (Object.keys(routes) as (keyof RoutePaths)[]).find((each) => context.paths[each] === pathname);
  if (name === undefined) return undefined;
  if (name === 'accessToken' && context.options.accessTokenRoute !== true) return notFound();
  const { methods, run } = routes[name];
  if (!methods.includes(request.method)) {
    const headers = sessionHeaders();
    headers.set('allow', methods.join(', '));
    return new Response(null, { status: 405, headers });
  }
  try {
    return await run(context, request);
  } catch (error) {
    const failure = error instanceof CallbackFailure ? error : new CallbackFailure(error, []);
    return createErrorResponse(request, failure.error, {
      route: name,
      onEvent: context.client.options.onEvent,
      cookies: failure.forget,
      // Who wanted to log out is not sent to the login.
      ...(name !== 'logout' && { login: context.paths.login }),
    });
  }
}

/** `GET /auth/session`: who is signed in, for the browser; never a token. */
async function sessionRoute(context: SessionContext, request: Request): Promise<Response> {
  const opened = await openRequestSession(context, request.headers.get('cookie'));
  await opened.touch();
  return json({ session: opened.session ?? null }, { cookies: opened.cookies });
}

/** `GET /auth/access-token`: for the application's own scripts, where it was switched on. */
async function accessTokenRoute(context: SessionContext, request: Request): Promise<Response> {
  if (!isSameOrigin(request, context.baseUrl))
    return json({ error: 'cross_origin_request' }, { status: 403 });
  const query = new URL(request.url).searchParams;
  const opened = await openRequestSession(context, request.headers.get('cookie'));
  const wanted = { resource: query.get('resource') ?? undefined, scope: query.get('scope') ?? undefined };
  try {
    const { accessToken, tokenType, expiresAt, scopes } = await opened.getAccessToken(wanted);
    return json({ accessToken, tokenType, expiresAt, scopes }, { cookies: opened.cookies });
  } catch (error) {
    if (!(error instanceof LoginRequiredError)) throw error;
    return json({ error: error.code }, { status: 401, cookies: opened.cookies });
  }
}

function notFound(): Response {
  return json({ error: 'not_found' }, { status: 404 });
}
