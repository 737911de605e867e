import {
  type AuthorizationRequest,
  startAuthorization,
} from '../../../client/login/authorization-request.ts';
import { parseThirdPartyLogin } from '../../../client/login/third-party-login.ts';
import { ValidationError } from '../../../errors.ts';
import { checkReturnTo } from '../../../protocol/login/return-to.ts';
import type { SessionContext } from '../../context.ts';
import { requireCoveredPage } from '../../cookies/cookie-path.ts';
import { type CookieToSet, parseAllCookies, parseCookies } from '../../cookies/cookies.ts';
import { isPrefetch, isScriptFetch, type RouterRequest, readForm } from '../../http/request-checks.ts';
import { createPrefetchResponse, createRedirect, createSessionHeaders } from '../../http/responses.ts';
import { normalizeHost, readHost } from '../../http/web-hosts.ts';
import { reportReturnTo } from '../../pages/failure-report.ts';
import { getDefaultReturnTo } from './default-return-to.ts';
import { countRepeatedLogins, createLoginMarker, hasCompletedMarker } from './login-marker.ts';
import { joinPreviousSessions, type PreviousSession, selectPreviousSessions } from './previous-sessions.ts';
import { createStateSuffix, getStateToken } from './transactions/login-state.ts';
import { saveLogin } from './transactions/login-transactions.ts';
import type { ReplacedLogin } from './transactions/pending-login.ts';

/** Options of `sessions.startLogin()`. */
export interface StartLoginOptions {
  /** A path of the application for the user after the login. Default: the option `afterLogin`. */
  readonly returnTo?: string | undefined;
  /**
   * Parameters of this authorization request, in addition to the client's options, for example `{ maxAge: 300 }`.
   * Default: none.
   */
  readonly authorization?: Omit<AuthorizationRequest, 'redirectUri'> | undefined;
}

/**
 * Starts a login: creates the URL at the provider, and the cookies to set before the redirect.
 *
 * @throws ConfigurationError, AuthorizationServerError, TransportError as `createAuthorizationRequest` does;
 *   ConfigurationError `cookies_too_large` if the login does not fit beside the session; ValidationError
 *   `session_cookie_missing` if the session cookies of two logins did not come back, or `cookie.path` does not cover the page
 *   that needs a login again
 */
export async function startLogin(
  context: SessionContext,
  cookieHeader: string | null | undefined,
  options: StartLoginOptions = {},
): Promise<{ readonly url: URL; readonly cookies: readonly CookieToSet[] }> {
  return createLogin(context, cookieHeader, options);
}

/** Does what {@link startLogin} does. It can also replace a login that could not be completed. */
export async function createLogin(
  context: SessionContext,
  cookieHeader: string | null | undefined,
  options: StartLoginOptions & {
    /** The login that this one replaces. Default: none. */
    readonly replaced?: ReplacedLogin;
    /** The previous sessions of the login that is restarted. Default: none. */
    readonly previousSessions?: readonly PreviousSession[] | undefined;
  },
): Promise<{ readonly url: URL; readonly cookies: readonly CookieToSet[] }> {
  const { authorization, replaced } = options;
  const existing = parseCookies(cookieHeader);
  const redirectUri = context.baseUrl.origin + context.paths.callback;
  const { path, problem } = checkReturnTo(options.returnTo, context.baseUrl);
  if (problem && options.returnTo)
    reportReturnTo(context.client.options.onEvent, { reason: problem, length: options.returnTo.length });
  const returnTo = path ?? getDefaultReturnTo(context);
  // A page that requires a login names itself. A user can follow a link to the login as often as wanted.
  const isRequired = path !== undefined && !hasRequirements(authorization);
  const repeatedLogins = await countRepeatedLogins(context, existing, { returnTo, isRequired });
  if (repeatedLogins.count > 1)
    throw repeatedLogins.isSignedIn ? createOtherSessionError(returnTo) : createLostSessionError();
  // After a completed login, the user wants to log in again for a page that does not receive the session cookie.
  if (hasCompletedMarker(context, existing) && authorization?.prompt === undefined)
    requireCoveredPage(context.jar.scope.path ?? '/', returnTo);
  const isSilent = authorization?.prompt === 'none';
  const { url, transaction } = await startAuthorization(
    context.client,
    { ...authorization, redirectUri },
    {
      stateSuffix: await createStateSuffix(context, {
        returnTo,
        isRestart: replaced !== undefined,
        isSilent,
        isRepeated: repeatedLogins.count > 0,
      }),
    },
  );
  const sessions = await selectPreviousSessions(context, parseAllCookies(cookieHeader));
  const previousSessions = joinPreviousSessions(sessions, options.previousSessions);
  const cookies = await saveLogin(
    context,
    {
      // The cookie is limited in size. The callback receives the rest of the state.
      transaction: { ...transaction, state: getStateToken(transaction.state) },
      returnTo,
      ...(previousSessions.length > 0 && { previousSessions }),
      ...(replaced && { replaced }),
      ...selectRepeatable(authorization),
    },
    existing,
    { fallback: getDefaultReturnTo(context) },
  );
  return { url, cookies: [...cookies, createLoginMarker(context)] };
}

/** Without it, the application and the provider would redirect the browser to each other without end. */
const createLostSessionError = () =>
  new ValidationError(
    'session_cookie_missing',
    'cookie',
    'The browser completed two logins within a minute, but sent no session cookie after them, although it sent other cookies of the application. It rejects the session cookie: cookies are blocked, the cookies of this host are too many or too large, or "cookie.domain", "cookie.path" or "cookie.sameSite" do not fit the address. Compare the Set-Cookie header of the callback with the cookies that the browser stores.',
  );

/** The routes have a session. A sibling host may have set another one for the path of the page. */
const createOtherSessionError = (returnTo: string) =>
  new ValidationError(
    'session_cookie_missing',
    'cookie',
    `The browser completed two logins for the page "${returnTo.replace(/[?#].*$/s, '')}" within a minute, and is signed in, but the page required another login. The page does not receive the session cookie, or receives another one beside it: compare the session cookies that the browser sends to the page with those that it sends to the login, and delete those that another host of the domain has set.`,
  );

/** Checks whether a login asks for more than a session. Such logins may follow each other. */
const hasRequirements = ({
  prompt,
  maxAge,
  acrValues,
  scope,
  resource,
}: StartLoginOptions['authorization'] = {}): boolean =>
  [prompt, maxAge, acrValues, scope, resource].some((value) => value !== undefined);

/** Maximum characters of the parameters that are stored for a restart. */
const maxStored = 300;

/** Selects what a restart of this login needs, besides the transaction. Parameters that are too long are left out. */
function selectRepeatable(authorization: StartLoginOptions['authorization'] = {}) {
  const { prompt, loginHint, uiLocales, parameters } = authorization;
  const storedParameters = {
    ...(prompt !== undefined && { prompt }),
    ...(loginHint !== undefined && { loginHint }),
    ...(uiLocales && { uiLocales }),
    ...(parameters && Object.keys(parameters).length > 0 && { parameters }),
  };
  const { length } = JSON.stringify(storedParameters);
  return length > 2 && length <= maxStored ? { authorization: storedParameters } : {};
}

/** `GET` or `POST /auth/login`, including a login that a third party initiates (OpenID Connect Core section 4). */
export async function loginRoute(
  context: SessionContext,
  request: Request,
  router?: RouterRequest,
): Promise<Response> {
  // A prefetched link must not create a transaction each time: the cookies would exceed every limit.
  if (isPrefetch(request, router)) return createPrefetchResponse();
  if (isScriptFetch(request, router)) return createNavigationRequired(router);
  const loginAddress = request.method === 'GET' ? findLoginAddress(context, request) : undefined;
  if (loginAddress) return createRedirect(loginAddress);
  const query = request.method === 'POST' ? await readForm(request) : new URL(request.url).searchParams;
  if (!query)
    throw new ValidationError('request_invalid', 'form', 'The request body is not a form, expected a form.');
  const thirdParty = query.has('iss') ? parseThirdPartyLogin(context.client, query) : undefined;
  const { url, cookies } = await startLogin(context, request.headers.get('cookie'), {
    returnTo: thirdParty?.targetLinkUri?.href ?? query.get('returnTo') ?? undefined,
    authorization: readAuthorization(context, query),
  });
  return createRedirect(url.href, cookies);
}

/** Marks a login that another host of `cookie.domain` has redirected, so that it is not redirected again: a proxy may rewrite the host. */
const redirectedParameter = 'redirected';

/**
 * Finds the address at the host of the callback, if the request has another host of the application. A browser stores the
 * cookies of a pending login for the host that sets them, and a host with a trailing dot is another one.
 */
function findLoginAddress(context: SessionContext, request: Request): string | undefined {
  const { baseUrl, paths } = context;
  const { searchParams } = new URL(request.url);
  if (searchParams.has(redirectedParameter)) return undefined;
  if (!hasTrailingDot(request, context) && !isOtherHost(request, context)) return undefined;
  searchParams.set(redirectedParameter, '1');
  return `${baseUrl.origin}${paths.login}?${searchParams}`;
}

/** Checks whether the request has another host of the domain for which the session cookie is set. */
function isOtherHost({ headers, url }: Request, { baseUrl, options }: SessionContext): boolean {
  const domain = options.cookie?.domain?.replace(/^\./, '').toLowerCase();
  if (domain === undefined || baseUrl.protocol !== 'https:') return false;
  // Any client can send a header. It only decides whether the login starts at the address of the application.
  const host = normalizeHost(readHost(headers, { trustProxy: true }) ?? new URL(url).host);
  return (
    host !== undefined && host !== baseUrl.host && `.${host.replace(/:\d+$/, '')}`.endsWith(`.${domain}`)
  );
}

/** Checks whether the request names the host of the application with a trailing dot: browsers store its cookies separately. */
function hasTrailingDot({ headers, url }: Request, { baseUrl }: SessionContext): boolean {
  const host = headers.get('host') ?? new URL(url).host;
  return (
    /\.(:\d+)?$/.test(host) &&
    !baseUrl.hostname.endsWith('.') &&
    normalizeHost(host, baseUrl.protocol === 'http:' ? 'http:' : 'https:') === baseUrl.host
  );
}

/** A script cannot show the provider's pages. This response makes it load the address as a document. */
function createNavigationRequired(router: RouterRequest | undefined): Response {
  const headers = createSessionHeaders();
  headers.set('content-type', 'text/plain; charset=utf-8');
  // A router that does not find its own format in a successful response navigates. Other scripts get an error.
  const status = router?.isRouterFetch ? 200 : 401;
  return new Response('The login needs a full page navigation.', { status, headers });
}

const defaultParameters = ['login_hint', 'ui_locales', 'prompt'];

/** Reads the allowed parameters of a login URL. Anyone can create such a URL, so values are limited too. */
function readAuthorization(
  context: SessionContext,
  query: URLSearchParams,
): Omit<AuthorizationRequest, 'redirectUri'> {
  const allowedParameters = Object.fromEntries(
    (context.options.loginParameters ?? defaultParameters).flatMap((name) => {
      const value = query.get(name);
      return value === null || value.length > 500 ? [] : [[name, value]];
    }),
  );
  const { login_hint, ui_locales, prompt, acr_values, max_age, ...parameters } = allowedParameters;
  return {
    ...(login_hint !== undefined && { loginHint: login_hint }),
    ...(ui_locales !== undefined && { uiLocales: ui_locales.split(' ') }),
    ...(prompt !== undefined && { prompt }),
    ...(acr_values !== undefined && { acrValues: acr_values.split(' ') }),
    ...(max_age !== undefined && /^\d{1,9}$/.test(max_age) && { maxAge: Number(max_age) }),
    parameters,
  };
}
