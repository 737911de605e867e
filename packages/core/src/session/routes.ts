import {
  AuthError,
  AuthorizationServerError,
  LoginRequiredError,
  TransportError,
  ValidationError,
} from '../errors.ts';
import { backchannelLogoutRoute } from './backchannel-logout.ts';
import { CallbackFailure, callbackRoute } from './callback.ts';
import type { CookieToSet } from './cookies.ts';
import { loginRoute } from './login.ts';
import { logoutRoute } from './logout.ts';
import type { RoutePaths, SessionContext } from './options.ts';
import { isSameOrigin, wantsHtml } from './request-checks.ts';
import { openRequestSession } from './request-session.ts';
import { json, page, sessionHeaders } from './responses.ts';

type Route = (context: SessionContext, request: Request) => Promise<Response>;

const routes: Record<keyof RoutePaths, { readonly methods: readonly string[]; readonly run: Route }> = {
  login: { methods: ['GET', 'POST'], run: loginRoute },
  callback: { methods: ['GET', 'POST'], run: callbackRoute },
  logout: { methods: ['GET', 'POST'], run: logoutRoute },
  session: { methods: ['GET'], run: sessionRoute },
  accessToken: { methods: ['GET'], run: accessTokenRoute },
  backchannelLogout: { methods: ['POST'], run: backchannelLogoutRoute },
};

/** Answers a request for one of the routes; `undefined` for every other path. */
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
    return failed(context, request, failure.error, failure.forget);
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
    const { accessToken, tokenType, expiresAt, scope } = await opened.getAccessToken(wanted);
    return json({ accessToken, tokenType, expiresAt, scope }, { cookies: opened.cookies });
  } catch (error) {
    if (!(error instanceof LoginRequiredError)) throw error;
    return json({ error: error.code }, { status: 401, cookies: opened.cookies });
  }
}

function notFound(): Response {
  return json({ error: 'not_found' }, { status: 404 });
}

/** What the user can do about it, in words of our own: what the provider wrote is for logs, never for a page. */
function failed(
  context: SessionContext,
  request: Request,
  error: unknown,
  cookies: readonly CookieToSet[],
): Response {
  // Anything that is not an AuthError is a mistake of the program: the server shall see it.
  if (!(error instanceof AuthError)) throw error;
  const { status, title, text } = describe(error);
  if (!wantsHtml(request)) return json({ error: error.code, message: text }, { status, cookies });
  const action = { label: 'Log in again', href: context.paths.login };
  return page({ status, title, text, code: codeOf(error), cookies, action });
}

function describe(error: AuthError): {
  readonly status: number;
  readonly title: string;
  readonly text: string;
} {
  if (error instanceof AuthorizationServerError && error.error === 'access_denied') {
    return {
      status: 403,
      title: 'Not logged in',
      text: 'The login was cancelled, or access was not granted.',
    };
  }
  if (error instanceof TransportError) {
    return {
      status: 503,
      title: 'Please try again',
      text: 'The login service does not answer at the moment.',
    };
  }
  if (error instanceof ValidationError && error.code === 'transaction_invalid') {
    return {
      status: 400,
      title: 'This login cannot be completed',
      text: 'It was started in another browser, has been used already, or took too long. Nothing was changed.',
    };
  }
  if (error instanceof ValidationError) {
    return {
      status: 400,
      title: 'This login was refused',
      text: 'The answer did not pass the safety checks of this site. Nothing was changed.',
    };
  }
  if (error instanceof AuthorizationServerError) {
    return { status: 502, title: 'Not logged in', text: 'The login service refused this login.' };
  }
  return {
    status: 500,
    title: 'Login is not available',
    text: 'This site is not set up correctly. Its log says more.',
  };
}

/** Code and failed check are words of this library; an `error` of the provider is not shown. */
function codeOf(error: AuthError): string {
  return error instanceof ValidationError ? `${error.code}: ${error.check}` : error.code;
}
