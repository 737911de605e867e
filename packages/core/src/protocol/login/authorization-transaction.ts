import { ConfigurationError, ValidationError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';

/** The data of one login that is stored between authorization request and response. Secret, and valid once. */
export interface AuthorizationTransaction {
  /** The issuer to which the request was sent. A response is never checked against the transaction of another issuer. */
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce?: string;
  readonly codeVerifier: string;
  /** The requested scope, space-separated. */
  readonly scope: string;
  readonly resource?: readonly string[];
  readonly maxAge?: number;
  readonly acrValues?: readonly string[];
  /** Seconds since the epoch. */
  readonly createdAt: number;
}

/** Seconds after which a login that was started can no longer be completed. */
export const transactionLifetime = 3600;

/**
 * Checks the age of a transaction, or of another record of the same lifetime.
 *
 * The clock may have been set back since it was created, and the clocks of two servers differ. So a time in the future is
 * accepted too, but no further away than one in the past: otherwise the record would be valid until the clock reaches it.
 *
 * @param createdAt seconds since the epoch. `NaN` is expired
 * @param time seconds since the epoch
 */
export const isTransactionExpired = (createdAt: number, time: number): boolean =>
  !(Math.abs(time - createdAt) <= transactionLifetime);

/**
 * Parameters that decide the security of a login. An application cannot set them as additional parameters.
 *
 * @see https://www.iana.org/assignments/oauth-parameters/oauth-parameters.xhtml
 */
const reservedParameters = new Set([
  'acr_values',
  'client_assertion',
  'client_assertion_type',
  'client_id',
  'client_secret',
  'code',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'dpop_jkt',
  'grant_type',
  'iss',
  'max_age',
  'nonce',
  'redirect_uri',
  'request',
  'request_uri',
  'resource',
  'response_mode',
  'response_type',
  'scope',
  'state',
]);

/**
 * Checks the names of the additional parameters of an authorization request.
 *
 * @param optionNames parameters for which the client has an option
 * @throws ConfigurationError `invalid_option` for a parameter that the library sets
 */
export function checkAdditionalParameters(
  names: readonly string[],
  optionNames: readonly string[] = [],
): void {
  for (const name of names) {
    if (!reservedParameters.has(name) && !optionNames.includes(name)) continue;
    throw new ConfigurationError(
      'invalid_option',
      isDevelopment ? `"${name}" cannot be an additional parameter. Use the option for it.` : name,
    );
  }
}

/**
 * Checks that a response may be validated with a transaction: it was started by this client, and not too long ago.
 *
 * @param time seconds since the epoch
 * @throws ValidationError `transaction_invalid`
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.4 (mix-up attacks)
 */
export function checkTransaction(
  transaction: AuthorizationTransaction,
  { issuer, clientId, time }: { readonly issuer: string; readonly clientId: string; readonly time: number },
): void {
  if (transaction.issuer !== issuer || transaction.clientId !== clientId) {
    throw new ValidationError(
      'transaction_invalid',
      'issuer',
      isDevelopment
        ? `The login was started with client "${transaction.clientId}" of "${transaction.issuer}", expected "${clientId}" of "${issuer}".`
        : '',
    );
  }
  const { createdAt } = transaction;
  if (isTransactionExpired(createdAt, time)) {
    throw new ValidationError(
      'transaction_invalid',
      'expired',
      isDevelopment
        ? createdAt > time
          ? `The login was started more than ${transactionLifetime} seconds in the future: the clock was set back. Start a new login.`
          : `The login was started more than ${transactionLifetime} seconds ago. Start a new login.`
        : '',
    );
  }
}

/**
 * Rejects a response that contains a parameter twice: two parsers could read different values.
 *
 * @throws ValidationError `authorization_response_invalid`
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.1
 */
export function rejectRepeatedParameters(parameters: URLSearchParams): void {
  const names = [...parameters.keys()];
  if (new Set(names).size === names.length) return;
  throw new ValidationError(
    'authorization_response_invalid',
    'repeated',
    isDevelopment ? 'The authorization response contains a parameter more than once.' : '',
  );
}
