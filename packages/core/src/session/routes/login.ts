import {
  type AuthorizationRequest,
  createAuthorizationRequest,
} from '../../client/login/authorization-request.ts';
import { parseThirdPartyLogin } from '../../client/login/third-party-login.ts';
import { ValidationError } from '../../errors.ts';
import { sanitizeReturnTo } from '../../protocol/return-to.ts';
import { type CookieToSet, parseCookies } from '../cookies/cookies.ts';
import { isPrefetch, isScriptFetch, readForm } from '../http/request-checks.ts';
import { redirect, sessionHeaders } from '../http/responses.ts';
import type { SessionContext } from '../options.ts';
import { rememberLogin } from './login-transactions.ts';

/** What one login is started with. */
export interface StartLoginOptions {
  /** A path of this application. Default: the option `afterLogin`. */
  readonly returnTo?: string | undefined;
  /** What this login asks of the provider beyond the client's options, for example `{ maxAge: 300 }`. */
  readonly authorization?: Omit<AuthorizationRequest, 'redirectUri'>;
}

/**
 * Starts a login: the address at the provider, and the cookies to set before the user is sent there.
 *
 * @throws ConfigurationError, AuthorizationServerError, TransportError as `createAuthorizationRequest` does
 */
export async function startLogin(
  context: SessionContext,
  cookieHeader: string | null | undefined,
  options: StartLoginOptions = {},
): Promise<{ readonly url: URL; readonly cookies: readonly CookieToSet[] }> {
  const redirectUri = context.baseUrl.origin + context.paths.callback;
  const { url, transaction } = await createAuthorizationRequest(context.client, {
    ...options.authorization,
    redirectUri,
  });
  const returnTo = sanitizeReturnTo(options.returnTo, {
    origin: context.baseUrl.origin,
    fallback: afterLogin(context),
  });
  const cookies = await rememberLogin(context, { transaction, returnTo }, parseCookies(cookieHeader));
  return { url, cookies };
}

export const afterLogin = ({ options, basePath, baseUrl }: SessionContext) =>
  sanitizeReturnTo(options.afterLogin, { origin: baseUrl.origin, fallback: `${basePath}/` });

/** `GET` or `POST /auth/login`: also where another party starts a login (OpenID Connect Core section 4). */
export async function loginRoute(context: SessionContext, request: Request): Promise<Response> {
  // A link that is only fetched ahead must not make a transaction each time: the cookies would grow past every limit.
  if (isPrefetch(request)) return new Response(null, { status: 204, headers: sessionHeaders() });
  if (isScriptFetch(request)) return navigationRequired(request);
  const query = request.method === 'POST' ? await readForm(request) : new URL(request.url).searchParams;
  if (!query) throw new ValidationError('request_invalid', 'form', 'The request is not a form.');
  const thirdParty = query.has('iss') ? parseThirdPartyLogin(context.client, query) : undefined;
  const { url, cookies } = await startLogin(context, request.headers.get('cookie'), {
    returnTo: thirdParty?.targetLinkUri?.href ?? query.get('returnTo') ?? undefined,
    authorization: authorizationOf(context, query),
  });
  return redirect(url.href, cookies);
}

/** A script cannot show the provider's pages: what it gets makes it load the whole page instead. */
function navigationRequired(request: Request): Response {
  const headers = sessionHeaders();
  headers.set('content-type', 'text/plain; charset=utf-8');
  // A router that sees no component in the answer loads the address as a page; to all others it says what is wrong.
  const status = request.headers.has('rsc') ? 200 : 401;
  return new Response('Login needs a navigation of the whole page.', { status, headers });
}

const defaultParameters = ['login_hint', 'ui_locales', 'prompt'];

/** Only parameters of the allow-list, and only their values: a login URL is anybody's to make. */
function authorizationOf(
  context: SessionContext,
  query: URLSearchParams,
): Omit<AuthorizationRequest, 'redirectUri'> {
  const given = Object.fromEntries(
    (context.options.loginParameters ?? defaultParameters).flatMap((name) => {
      const value = query.get(name);
      return value === null || value.length > 500 ? [] : [[name, value]];
    }),
  );
  const { login_hint, ui_locales, prompt, acr_values, max_age, ...parameters } = given;
  return {
    ...(login_hint !== undefined && { loginHint: login_hint }),
    ...(ui_locales !== undefined && { uiLocales: ui_locales.split(' ') }),
    ...(prompt !== undefined && { prompt }),
    ...(acr_values !== undefined && { acrValues: acr_values.split(' ') }),
    ...(max_age !== undefined && /^\d{1,9}$/.test(max_age) && { maxAge: Number(max_age) }),
    parameters,
  };
}
