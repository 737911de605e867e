import { exchangeCode } from '../../../client/grants/code-exchange.ts';
import { validateAuthorizationResponse } from '../../../client/login/authorization-response.ts';
import { revokeEndedLogin } from '../../../client/logout/incomplete-logout.ts';
import { fetchOAuth2User } from '../../../client/resources/oauth2-user.ts';
import { fetchUserinfo } from '../../../client/resources/userinfo.ts';
import { ValidationError } from '../../../errors.ts';
import { seconds } from '../../../internal/clock.ts';
import type { JsonObject } from '../../../internal/json/json.ts';
import { parseJwtPart } from '../../../internal/json/jwt-part.ts';
import { hasEqualRepeats } from '../../../internal/json/repeated-members.ts';
import { createTokenSet, type TokenSet } from '../../../tokens/token-set.ts';
import type { SessionReference } from '../../backends/session-backend.ts';
import type { SessionContext } from '../../context.ts';
import {
  type CookieToSet,
  parseAllCookies,
  parseCookies,
  type RequestCookies,
} from '../../cookies/cookies.ts';
import { readForm } from '../../http/request-checks.ts';
import { createRedirect } from '../../http/responses.ts';
import { reportReturnTo } from '../../pages/failure-report.ts';
import { readUnverifiedError, type UnverifiedError } from '../../pages/unverified-error.ts';
import { continueAfterCallback } from './continue-after-callback.ts';
import { getDefaultReturnTo } from './default-return-to.ts';
import { createCompletedMarker, deleteLoginMarker } from './login-marker.ts';
import { type FailedLogin, isStale, recoverLogin } from './login-recovery.ts';
import { revokeUnusedTokens, selectNewSession } from './previous-sessions.ts';
import { startSession } from './start-session.ts';
import { getStateToken, readLoginState } from './transactions/login-state.ts';
import { findLogin, updateLogins } from './transactions/login-transactions.ts';
import type { LoginTransaction } from './transactions/pending-login.ts';
import { claimCompletion, hasStarted, isUsed, runLoginOnce } from './transactions/used-logins.ts';

/**
 * `GET` or `POST /auth/callback`: the redirect URI of the login.
 *
 * @throws CallbackError if the login failed, with the cookies that must be deleted
 */
export async function callbackRoute(context: SessionContext, request: Request): Promise<Response> {
  const parameters = request.method === 'POST' ? await readForm(request) : new URL(request.url).searchParams;
  const cookieHeader = request.headers.get('cookie');
  const existing = parseCookies(cookieHeader);
  const state = readState(parameters);
  const { login, deleteCookies } = await findLogin(context, getStateToken(state), existing);
  try {
    const completedLogin = await exchangeLogin(context, {
      parameters,
      login,
      state,
      existing: parseAllCookies(cookieHeader),
    });
    const location = login?.returnTo ?? getDefaultReturnTo(context);
    const { isRepeated = false } = (await readLoginState(context, state)) ?? {};
    const cookies = [
      ...completedLogin.cookies,
      ...deleteCookies,
      deleteLoginMarker(context),
      await createCompletedMarker(context, { isRepeated, returnTo: location, ...completedLogin }),
    ];
    const otherLogins = await updateLogins(
      context,
      existing,
      cookies,
      selectNewSession(context, completedLogin.session),
    );
    return continueAfterCallback(context, request, { location, cookies: [...cookies, ...otherLogins] });
  } catch (error) {
    const loginState = await readLoginState(context, state);
    const unverified = readUnverifiedError(error, parameters);
    // Browsers send no Lax cookie with a form of another site, but with the navigation that follows. The session is
    // readable there.
    if (request.method === 'POST' && isStale(error)) {
      const query = new URLSearchParams({ state: loginState ? state : state.slice(0, 200) });
      if (unverified) {
        query.set(followedFormParameter, '1');
        query.set('error', unverified.error);
      }
      if (unverified?.errorDescription) query.set('error_description', unverified.errorDescription);
      return createRedirect(`${context.paths.callback}?${query}`);
    }
    const failure = { error, login, loginState, unverified };
    await reportLostPage(context, failure);
    const cookies = (await isRunning(context, failure)) ? [] : deleteCookies;
    try {
      const recovery = await recoverLogin(context, cookieHeader, failure);
      if (recovery)
        return continueAfterCallback(context, request, {
          location: recovery.location,
          cookies: [...cookies, ...recovery.cookies],
        });
    } catch (restartError) {
      throw new CallbackError(restartError, { ...failure, cookies });
    }
    throw new CallbackError(error, { ...failure, cookies });
  }
}

/**
 * Reports that the user does not return to the wanted page: the browser has lost the cookie of the login, and the page is too
 * long for the state. The state of a login that is started again contains the default page, so the loss is reported once. A
 * login that was completed has returned to its page; its callback was visited again.
 */
async function reportLostPage(context: SessionContext, { login, loginState }: FailedLogin): Promise<void> {
  if (login || loginState?.omittedLength === undefined) return;
  if (await hasStarted(context, loginState.token)) return;
  reportReturnTo(context.client.options.onEvent, { reason: 'too_long', length: loginState.omittedLength });
}

/** Checks whether another request runs the callback of this login: a logout finds the login by its cookie. */
const isRunning = async (context: SessionContext, { error, login }: FailedLogin): Promise<boolean> =>
  login !== undefined && isUsed(error) && hasStarted(context, login.transaction.state);

/** Why a callback failed, and what the error response must contain. */
export class CallbackError extends Error {
  readonly error: unknown;
  /** Cookies that the response must set. */
  readonly cookies: readonly CookieToSet[];
  /** The page that the user wanted, if it is known. */
  readonly returnTo: string | undefined;
  /** An error in a response that failed its validation. */
  readonly unverified: UnverifiedError | undefined;

  constructor(
    error: unknown,
    { cookies, login, loginState, unverified }: Partial<FailedLogin> & { cookies: readonly CookieToSet[] },
  ) {
    super('The login failed.');
    this.error = error;
    this.cookies = cookies;
    this.returnTo = login?.returnTo ?? loginState?.returnTo;
    this.unverified = unverified;
  }
}

interface Callback {
  /** `undefined` if the body of a POST is not a form. */
  readonly parameters: URLSearchParams | undefined;
  readonly login: LoginTransaction | undefined;
  /** The received state. */
  readonly state: string;
  readonly existing: RequestCookies;
}

interface CompletedLogin {
  readonly cookies: readonly CookieToSet[];
  readonly session: SessionReference;
  /** The identifier of the session. */
  readonly identifier: string;
}

async function exchangeLogin(
  context: SessionContext,
  { parameters, login, state, existing }: Callback,
): Promise<CompletedLogin> {
  if (!parameters)
    throw new ValidationError('request_invalid', 'form', 'The authorization response is not a form.');
  if (!login) {
    throw new ValidationError(
      'transaction_invalid',
      'state',
      'This browser has no pending login with the "state" of the response. The login and the callback need the same host, and cookies.',
    );
  }
  if (isFollowedForm(parameters) && (await readLoginState(context, state))) {
    throw new ValidationError(
      'transaction_invalid',
      'used',
      'The authorization response of this login could not be completed. Start a new login.',
    );
  }
  const { client, now } = context;
  const { tokenResponse, requestedAt, unsignedClaims } = await runLoginOnce(context, login, async () => {
    // The cookie has the random part of the state, which `findLogin` has compared. The rest is authenticated separately.
    const transaction = { ...login.transaction, state };
    const response = await validateAuthorizationResponse(client, parameters, transaction);
    const time = now() / 1000;
    return {
      tokenResponse: await exchangeCode(client, response, transaction),
      requestedAt: time,
      unsignedClaims: client.options.provider?.readAuthorizationResponse?.(response.parameters),
    };
  });
  const receivedTokens = createTokenSet(tokenResponse, seconds(now), { resource: context.resource });
  const { previousSessions = [] } = login;
  const { tokens, userinfo } = await addUser(context, receivedTokens, unsignedClaims).catch(async (error) => {
    // The claims would be missing in the session until its end. The login fails, and no session has its refresh token.
    await revokeUnusedTokens(context, receivedTokens, { existing, previousSessions });
    throw error;
  });
  const identifier = await claimOrRevoke(context, login, tokens);
  const newSession = { userinfo, requestedAt, identifier, previousSessions };
  return { ...(await startSession(context, existing, tokens, newSession)), identifier };
}

/**
 * Checks whether a request is the navigation that follows a form whose login failed. It has no response, and can arrive at a
 * process that does not know the failure.
 */
const isFollowedForm = (parameters: URLSearchParams): boolean =>
  parameters.has(followedFormParameter) ||
  !['code', 'error', 'response'].some((name) => parameters.has(name));

/** Marks the navigation that follows a form: its `error` is not an authorization response. */
const followedFormParameter = 'form';

/** Returns the identifier of the session. Revokes the tokens of a login that a logout has ended. */
async function claimOrRevoke(
  context: SessionContext,
  login: LoginTransaction,
  { refreshToken }: TokenSet,
): Promise<string> {
  try {
    return await claimCompletion(context, login);
  } catch (error) {
    // No session has this token: it is also revoked if the store is unavailable.
    await revokeEndedLogin(context.client, refreshToken);
    throw error;
  }
}

/** The tokens of a login, and the claims of its userinfo. An OAuth 2 login gets its user from there. */
async function addUser(
  { client, options }: SessionContext,
  tokens: TokenSet,
  unsignedClaims: Readonly<JsonObject> | undefined,
): Promise<{ readonly tokens: TokenSet; readonly userinfo?: Readonly<JsonObject> | undefined }> {
  const accessToken = tokens.accessTokens[0]?.accessToken ?? '';
  if (client.options.provider?.oauth2Userinfo) {
    const { iss, sub, ...userinfo } = await fetchOAuth2User(client, accessToken);
    return { tokens: { ...tokens, identity: { iss, sub } }, userinfo };
  }
  if (!options.userinfo || !tokens.claims || accessToken === '') return { tokens, userinfo: unsignedClaims };
  const userinfo = await fetchUserinfo(client, accessToken, tokens.claims.sub);
  return { tokens, userinfo: { ...unsignedClaims, ...userinfo } };
}

/** Reads the state. In a signed response (JARM) it is read before verification, only to find the cookie. */
function readState(parameters: URLSearchParams | undefined): string {
  const plain = parameters?.get('state');
  if (plain !== null && plain !== undefined) return plain;
  const payload = parameters?.get('response')?.split('.')[1] ?? '';
  try {
    const { state } = parseJwtPart(payload, {
      createError: (_, problem) => new Error(problem),
      acceptsRepeats: hasEqualRepeats,
    });
    return typeof state === 'string' ? state : '';
  } catch {
    return '';
  }
}
