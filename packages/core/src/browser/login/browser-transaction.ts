import type { AuthorizationTransaction } from '../../protocol/login/authorization-transaction.ts';

/** The transaction of a login in the browser. */
export interface BrowserTransaction extends AuthorizationTransaction {
  readonly nonce: string;
  readonly resource: readonly string[];
  /** The `prompt` of the request. */
  readonly prompt?: string;
  /** The page to show after the login: path, query and fragment. */
  readonly returnTo: string;
}
