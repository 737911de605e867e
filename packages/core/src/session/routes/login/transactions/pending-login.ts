import type {
  AuthorizationRequest,
  AuthorizationTransaction,
} from '../../../../client/login/authorization-request.ts';
import type { PreviousSession } from '../previous-sessions.ts';

/** A login that another one replaces, because it could not be completed. */
export interface ReplacedLogin {
  /** The random part of its state. */
  readonly state: string;
  /** `undefined` if the browser has not sent its cookie. */
  readonly identifier: string | undefined;
}

/** A pending login. Each has a separate cookie, so that logins in two tabs do not interfere. */
export interface LoginTransaction {
  /** `state` is only the random part of the state. */
  readonly transaction: AuthorizationTransaction;
  readonly returnTo: string;
  /**
   * Identifies the session that the login begins. It is chosen when the login starts, so that a logout can end this session
   * although the browser does not have its cookie yet. A login that replaces another one has the identifier of a restart.
   */
  readonly identifier: string;
  /** The sessions of the browser, if it does not send their cookies with the authorization response. */
  readonly previousSessions?: readonly PreviousSession[];
  /** The login that this one replaces. A logout ends both. */
  readonly replaced?: ReplacedLogin;
  /** Parameters to repeat if the login is started again. */
  readonly authorization?: Pick<AuthorizationRequest, 'prompt' | 'loginHint' | 'uiLocales' | 'parameters'>;
}
