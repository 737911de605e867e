import { exchangeCode } from '../../client/grants/code-exchange.ts';
import { validateAuthorizationResponse } from '../../client/login/authorization-response.ts';
import { fetchUserinfo } from '../../client/resources/userinfo.ts';
import { AuthorizationServerError, ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { parseJwtPart } from '../../internal/json/jwt-part.ts';
import { createTokenSet, type TokenSet } from '../../tokens/token-set.ts';
import type { SessionContext } from '../context.ts';
import { type CookieToSet, parseCookies, type RequestCookies } from '../cookies/cookies.ts';
import { readForm } from '../http/request-checks.ts';
import { createRedirect } from '../http/responses.ts';
import { getDefaultReturnTo } from './login.ts';
import { dropLogins, findLogin, type LoginTransaction } from './login-transactions.ts';
import { startSession } from './start-session.ts';
import { runLoginOnce } from './used-logins.ts';

/** The cookie that marks a login that was restarted automatically, so that it is restarted only once. */
const getRetryName = ({ jar }: SessionContext) => `${jar.name}.retry`;
/** Seconds after which a login may be restarted again. */
const retryLifetime = 120;

/**
 * `GET` or `POST /auth/callback`: the redirect URI of the login.
 *
 * @throws CallbackError if the login failed, with the cookies that must be deleted
 */
export async function callbackRoute(context: SessionContext, request: Request): Promise<Response> {
  const parameters = request.method === 'POST' ? await readForm(request) : new URL(request.url).searchParams;
  const existing = parseCookies(request.headers.get('cookie'));
  const state = readState(parameters);
  const { login, deleteCookies } = await findLogin(context, state, existing);
  try {
    const cookies = await completeLogin(context, { parameters, login, existing });
    const deleteRetry = existing.has(context.jar.toWireName(getRetryName(context)))
      ? [context.jar.createCookie(getRetryName(context), '', { maxAge: 0 })]
      : [];
    const location = login?.returnTo ?? getDefaultReturnTo(context);
    const changes = [...cookies, ...deleteCookies, ...deleteRetry];
    return createRedirect(location, [...changes, ...(await dropLogins(context, existing, changes))]);
  } catch (error) {
    // Browsers send no Lax cookie with a form of another site, but with the navigation that follows. The session and
    // the retry marker are readable there.
    if (request.method === 'POST' && isStale(error)) {
      const query = new URLSearchParams({ state: state.slice(0, 200) });
      return createRedirect(`${context.paths.callback}?${query}`);
    }
    const recovery = isStale(error) ? await recoverStaleLogin(context, login, existing) : undefined;
    if (recovery) return createRedirect(recovery.location, [...deleteCookies, ...recovery.cookies]);
    throw new CallbackError(error, deleteCookies);
  }
}

/** Why a callback failed, with the cookies that the error response must set. */
export class CallbackError extends Error {
  readonly error: unknown;
  readonly cookies: readonly CookieToSet[];

  constructor(error: unknown, cookies: readonly CookieToSet[]) {
    super('The login failed.');
    this.error = error;
    this.cookies = cookies;
  }
}

interface Callback {
  /** `undefined` if the body of a POST is not a form. */
  readonly parameters: URLSearchParams | undefined;
  readonly login: LoginTransaction | undefined;
  readonly existing: RequestCookies;
}

async function completeLogin(
  context: SessionContext,
  { parameters, login, existing }: Callback,
): Promise<readonly CookieToSet[]> {
  if (!parameters)
    throw new ValidationError('request_invalid', 'form', 'The authorization response is not a form.');
  if (!login) {
    throw new ValidationError(
      'transaction_invalid',
      'state',
      'This browser has no pending login with the "state" of the response.',
    );
  }
  const { client, now } = context;
  const { tokenResponse, requestedAt } = await runLoginOnce(context, login, async () => {
    const response = await validateAuthorizationResponse(client, parameters, login.transaction);
    const time = now() / 1000;
    return {
      tokenResponse: await exchangeCode(client, response, login.transaction),
      requestedAt: time,
    };
  });
  const tokens = createTokenSet(tokenResponse, seconds(now), { resource: context.resource });
  const userinfo = await fetchUserinfoClaims(context, tokens);
  return (await startSession(context, existing, tokens, { userinfo, requestedAt })).cookies;
}

async function fetchUserinfoClaims({ client, options }: SessionContext, tokens: TokenSet) {
  const accessToken = tokens.accessTokens[0]?.accessToken;
  if (!options.userinfo || !tokens.claims || accessToken === undefined) return undefined;
  return { ...(await fetchUserinfo(client, accessToken, tokens.claims.sub)) };
}

/** Reads the state. In a signed response (JARM) it is read before verification, only to find the cookie. */
function readState(parameters: URLSearchParams | undefined): string {
  const plain = parameters?.get('state');
  if (plain !== null && plain !== undefined) return plain;
  const payload = parameters?.get('response')?.split('.')[1] ?? '';
  try {
    const { state } = parseJwtPart(payload, {
      createError: (_, problem) => new Error(problem),
      equalRepeats: true,
    });
    return typeof state === 'string' ? state : '';
  } catch {
    return '';
  }
}

/** Checks whether a response arrived twice or late. Such a response is no sign of an attack. */
function isStale(error: unknown): boolean {
  if (error instanceof ValidationError)
    return error.code === 'transaction_invalid' && error.check !== 'issuer';
  return (
    error instanceof AuthorizationServerError &&
    error.code === 'token_error' &&
    error.error === 'invalid_grant'
  );
}

/**
 * Recovers from the back button, a double click, or a tab that stayed open. A signed-in user is redirected to
 * `returnTo`. A user who has started a login in this browser gets one new login.
 */
async function recoverStaleLogin(
  context: SessionContext,
  login: LoginTransaction | undefined,
  existing: RequestCookies,
) {
  const { backend, jar, paths } = context;
  const loaded = await backend.load(existing).catch(() => undefined);
  if (loaded) return { location: login?.returnTo ?? getDefaultReturnTo(context), cookies: [] };
  if (!login || existing.has(jar.toWireName(getRetryName(context)))) return undefined;
  const location = `${paths.login}?${new URLSearchParams({ returnTo: login.returnTo })}`;
  const sameSite = jar.sameSite === 'none' ? 'none' : 'lax';
  const cookie = jar.createCookie(getRetryName(context), '1', { maxAge: retryLifetime, sameSite });
  return { location, cookies: [cookie] };
}
