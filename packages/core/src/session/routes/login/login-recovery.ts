import { emitEvent } from '../../../client/observability.ts';
import { AuthorizationServerError, getErrorCode, ValidationError } from '../../../errors.ts';
import { writeLine } from '../../../internal/console-lines.ts';
import { createEndedLoginError } from '../../backends/logout-records/ended-login.ts';
import type { SessionState } from '../../backends/state/session-state.ts';
import type { SessionContext } from '../../context.ts';
import { type CookieToSet, parseCookies } from '../../cookies/cookies.ts';
import { describeUnverifiedError, type UnverifiedError } from '../../pages/unverified-error.ts';
import { getDefaultReturnTo } from './default-return-to.ts';
import { deleteLoginMarker, hasLoginMarker } from './login-marker.ts';
import { createLogin } from './login-route.ts';
import type { ReceivedLoginState } from './transactions/login-state.ts';
import type { LoginTransaction } from './transactions/pending-login.ts';
import { hasLoggedOut } from './transactions/used-logins.ts';

/** A login that could not be completed. */
export interface FailedLogin {
  readonly error: unknown;
  /** `undefined` if the browser has no pending login with this state. */
  readonly login: LoginTransaction | undefined;
  /** `undefined` if this application has not created the state. */
  readonly loginState: ReceivedLoginState | undefined;
  readonly unverified: UnverifiedError | undefined;
}

interface Recovery {
  readonly location: string;
  readonly cookies: readonly CookieToSet[];
}

/**
 * Redirects the user after a login that failed for an expected reason. The user went back, clicked twice, or left a tab
 * open. Or the browser has more logins than it may store, the provider's page has expired, or the login was silent.
 *
 * @returns `undefined` if the user needs an error page
 * @throws the error of a new login that cannot be started, LoginRequiredError `session_ended` if a logout has ended the login
 */
export async function recoverLogin(
  context: SessionContext,
  cookieHeader: string | null,
  failure: FailedLogin,
): Promise<Recovery | undefined> {
  const { error, login, loginState } = failure;
  const returnTo = login?.returnTo ?? loginState?.returnTo;
  const silentError = findSilentError(failure);
  if (silentError !== undefined) {
    report(context, failure, 'return');
    return { location: addLoginError(context, returnTo, silentError), cookies: [] };
  }
  if (!isStale(error) && !isExpiredLoginPage(error)) return undefined;
  const cookies = parseCookies(cookieHeader);
  if (isStale(error)) {
    const session = await context.backend.load(cookies).catch(() => undefined);
    if (
      session &&
      mayContinue(session.state, { ...failure, hasPendingLogin: hasLoginMarker(context, cookies) })
    ) {
      report(context, failure, 'session');
      return {
        location: returnTo ?? getDefaultReturnTo(context),
        cookies: [deleteLoginMarker(context)],
      };
    }
  }
  if (!loginState) return undefined;
  // The provider could log the user in again without a question. The logout has deleted the cookie of the login.
  if (await hasLoggedOut(context, loginState.token)) throw createEndedLoginError();
  // Another site must not start logins, so this browser must have started one. A restart is never restarted.
  const hasStarted = login !== undefined || hasLoginMarker(context, cookies);
  if (!hasStarted || loginState.isRestart) return undefined;
  report(context, failure, 'restart');
  const restart = await createLogin(context, cookieHeader, {
    returnTo,
    authorization: selectAuthorization(login, loginState),
    replaced: { state: loginState.token, identifier: login?.identifier },
    previousSessions: login?.previousSessions,
  });
  return { location: restart.url.href, cookies: restart.cookies };
}

/**
 * Checks whether the session may be the result of the failed login, or of another one since its start. An older session
 * did not satisfy the page that required this login: the page would require the next login, in an endless loop.
 */
function mayContinue(
  session: SessionState,
  { login, loginState, hasPendingLogin }: FailedLogin & { readonly hasPendingLogin: boolean },
): boolean {
  const startedAt = login?.transaction.createdAt ?? loginState?.createdAt;
  return startedAt === undefined ? !hasPendingLogin : session.createdAt >= startedAt;
}

/** Repeats the requirements of the login: a step-up remains a step-up, and a silent login remains silent. */
function selectAuthorization(login: LoginTransaction | undefined, { isSilent }: ReceivedLoginState) {
  const { scope, resource, maxAge, acrValues } = login?.transaction ?? {};
  return {
    ...(isSilent && { prompt: 'none' }),
    ...login?.authorization,
    ...(scope !== undefined && { scope }),
    ...(resource && { resource }),
    ...(maxAge !== undefined && { maxAge }),
    ...(acrValues && { acrValues }),
  };
}

/** Checks whether a response arrived twice or late. Such a response is not a sign of an attack. */
export function isStale(error: unknown): boolean {
  if (error instanceof ValidationError)
    return error.code === 'transaction_invalid' && error.check !== 'issuer';
  return isRejectedCode(error);
}

/** The provider has rejected the code: it is expired, or was used before. */
const isRejectedCode = (error: unknown): boolean =>
  error instanceof AuthorizationServerError &&
  error.code === 'token_error' &&
  error.error === 'invalid_grant';

/** Keycloak responds to a login page that was open for too long: `temporarily_unavailable`, `authentication_expired`. */
const isExpiredLoginPage = (error: unknown): boolean =>
  error instanceof AuthorizationServerError &&
  error.code === 'authorization_error' &&
  /\bauthentication_expired\b/i.test(error.errorDescription ?? '');

/** @see https://openid.net/specs/openid-connect-core-1_0.html#AuthError */
const silentErrors = new Set([
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
]);

/**
 * The error of a silent login that needs a page of the provider. It is expected, and belongs to the page that asked.
 * If the browser has lost the login, the error is unverified. It contains only what the page could detect itself.
 */
function findSilentError({ error, login, loginState, unverified }: FailedLogin): string | undefined {
  if (loginState?.isSilent !== true) return undefined;
  const code =
    error instanceof AuthorizationServerError && error.code === 'authorization_error'
      ? error.error
      : !login && unverified?.error;
  return typeof code === 'string' && silentErrors.has(code) ? code : undefined;
}

/** The page finds the error in its parameter `loginError`. */
function addLoginError(context: SessionContext, returnTo: string | undefined, code: string): string {
  const { origin } = context.baseUrl;
  const url = new URL(returnTo ?? getDefaultReturnTo(context), origin);
  url.searchParams.set('loginError', code);
  return url.href.slice(origin.length);
}

function report(
  { client }: SessionContext,
  { error, unverified }: FailedLogin,
  by: 'restart' | 'session' | 'return',
): void {
  const code = getErrorCode(error);
  const check = error instanceof ValidationError ? { check: error.check } : {};
  const unverifiedError = unverified && { unverifiedError: unverified.error };
  emitEvent(client, {
    type: 'login.recovered',
    issuer: client.issuer,
    code,
    ...check,
    by,
    ...unverifiedError,
  });
  if (unverified && !client.options.onEvent) {
    writeLine('warn', {
      kind: `callback continued ${by} ${code}`,
      text: `callback: the login continued (${by}) after ${code}. ${describeUnverifiedError(unverified)}`,
    });
  }
}
