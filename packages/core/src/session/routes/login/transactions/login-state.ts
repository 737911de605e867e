import { seconds } from '../../../../internal/clock.ts';
import { sanitizeReturnTo } from '../../../../protocol/login/return-to.ts';
import type { SessionContext } from '../../../context.ts';
import { getDefaultReturnTo } from '../default-return-to.ts';

/**
 * What the state of a login contains, encrypted, beside its random part. It does not prove that this browser has started
 * the login: only the cookie does. It names the page for a user whose browser has lost the cookie: more logins were
 * started than the browser can store, or the lifetime of the cookie is over.
 */
export interface LoginState {
  /** `undefined` if the path is too long for a URL. */
  readonly returnTo?: string | undefined;
  /** The login was started because a previous one could not be completed. It is not started again. */
  readonly isRestart: boolean;
  /** The login has `prompt=none`: the provider must not show a page. */
  readonly isSilent: boolean;
  /** The session cookie of the previous login did not come back. Another login is not started automatically. */
  readonly isRepeated: boolean;
}

/** A state that was read. */
export interface ReceivedLoginState extends LoginState {
  /** The random part of the state. It is not part of what is encrypted. */
  readonly token: string;
  /** Characters of the page that was too long for the state. `undefined` if no page was left out. */
  readonly omittedLength: number | undefined;
  /** Seconds since the epoch. */
  readonly createdAt: number;
}

/**
 * Maximum characters of a path in the state. The state is part of two URLs, and servers limit their length. With this path it
 * has about 1,600 characters, so that the URL of the login fits in 2,048: IIS rejects longer query strings by default, at the
 * provider and at the application, and the callback also contains a code. A login with a longer state could fail each time. A
 * login without its page is completed, and the loss is reported.
 *
 * @see https://learn.microsoft.com/en-us/iis/configuration/system.webserver/security/requestfiltering/requestlimits/
 */
const maxStatePath = 1000;

/** Seconds. A login page that stayed open overnight still leads to the page that the user wanted. */
const stateLifetime = 86_400;

/** Maximum characters of a state that is read. */
const maxState = 3000;

/** Creates the text that follows the random part of the state. */
export async function createStateSuffix(context: SessionContext, state: LoginState): Promise<string> {
  const { returnTo = '', isRestart, isSilent, isRepeated } = state;
  const issuedAt = seconds(context.now);
  const payload = {
    ...selectPage(returnTo, getDefaultReturnTo(context)),
    ...(isRestart && { restart: true }),
    ...(isSilent && { silent: true }),
    ...(isRepeated && { repeated: true }),
  };
  const times = { issuedAt, expiresAt: issuedAt + stateLifetime };
  return `.${await context.stateSealer.encrypt(payload, times)}`;
}

/** Selects the page for the state. The length of an omitted one tells the callback that a page is missing. */
function selectPage(returnTo: string, defaultReturnTo: string) {
  if (returnTo.length <= maxStatePath) return { to: returnTo };
  // A login without a page leads to the default page.
  return returnTo === defaultReturnTo ? {} : { omitted: returnTo.length };
}

/** The random part of a state. It identifies the login. */
export const getStateToken = (state: string): string => state.split('.', 1)[0] as string;

/** Reads the encrypted part of a state. Returns `undefined` for a state that this application has not created. */
export async function readLoginState(
  context: SessionContext,
  state: string,
): Promise<ReceivedLoginState | undefined> {
  if (state.length > maxState) return undefined;
  const token = getStateToken(state);
  const encryptedState = state.slice(token.length + 1);
  const payload = await context.stateSealer.decrypt(encryptedState, seconds(context.now));
  if (!payload) return undefined;
  const returnTo = sanitizeReturnTo(payload.to, { origin: context.baseUrl.origin, fallback: '' });
  return {
    token,
    returnTo: returnTo === '' ? undefined : returnTo,
    omittedLength: typeof payload.omitted === 'number' ? payload.omitted : undefined,
    isRestart: payload.restart === true,
    isSilent: payload.silent === true,
    isRepeated: payload.repeated === true,
    createdAt: payload.exp - stateLifetime,
  };
}
