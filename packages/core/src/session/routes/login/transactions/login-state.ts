import { seconds } from '../../../../internal/clock.ts';
import { sanitizeReturnTo } from '../../../../protocol/login/return-to.ts';
import type { SessionContext } from '../../../context.ts';

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
  /** Seconds since the epoch. */
  readonly createdAt: number;
}

/** Maximum characters of a path in the state. The state is part of two URLs, and servers limit their length. */
const maxReturnTo = 1000;

/** Seconds. A login page that stayed open overnight still leads to the page that the user wanted. */
const stateLifetime = 86_400;

/** Maximum characters of a state that is read. */
const maxState = 3000;

/** Creates the text that follows the random part of the state. */
export async function createStateSuffix(context: SessionContext, state: LoginState): Promise<string> {
  const { returnTo = '', isRestart, isSilent, isRepeated } = state;
  const issuedAt = seconds(context.now);
  const payload = {
    ...(returnTo.length <= maxReturnTo && { to: returnTo }),
    ...(isRestart && { restart: true }),
    ...(isSilent && { silent: true }),
    ...(isRepeated && { repeated: true }),
  };
  const times = { issuedAt, expiresAt: issuedAt + stateLifetime };
  return `.${await context.stateSealer.encrypt(payload, times)}`;
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
    isRestart: payload.restart === true,
    isSilent: payload.silent === true,
    isRepeated: payload.repeated === true,
    createdAt: payload.exp - stateLifetime,
  };
}
