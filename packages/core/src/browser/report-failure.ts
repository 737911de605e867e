import { AuthError, getErrorCode } from '../errors.ts';
import { type AuthEvent, emitEventOrLog } from '../events.ts';
import { replaceControlCharacters } from '../internal/control-characters.ts';
import { isDevelopment } from '../internal/development.ts';
import type { BrowserContext } from './options.ts';

/** The client whose operation failed. */
type FailedClient = Pick<BrowserContext, 'issuer' | 'clientId' | 'options'>;

/** An event that reports a failure of a client. */
type FailureEvent = Extract<AuthEvent, { readonly issuer: string; readonly code: string }>;

/**
 * Reports an operation that failed: as an event, or without a listener as one line in the console. In production builds of
 * Angular, the line contains the code and the name of what differed.
 */
export function reportFailure({ options }: FailedClient, event: FailureEvent, error: unknown): void {
  // In production, the message contains the code. The message of an error from other code may contain a token.
  const text =
    error instanceof AuthError
      ? `${isDevelopment ? `${event.code}: ` : ''}${replaceControlCharacters(error.message)}`
      : `${event.code}: ${error instanceof Error ? error.name : typeof error}`;
  emitEventOrLog(options.onEvent, event, `${event.type} (${event.issuer}): ${text}`);
}

/** Reports a login that could not be started or completed. */
export function reportLoginFailure(client: FailedClient, error: unknown): void {
  const { issuer, clientId } = client;
  reportFailure(client, { type: 'login.failed', issuer, clientId, code: getErrorCode(error) }, error);
}

/** Reports a part of a logout that failed. */
export function reportIncompleteLogout(
  client: FailedClient,
  part: 'session' | 'refresh_token' | 'provider',
  error: unknown,
): void {
  const { issuer, clientId } = client;
  const code = getErrorCode(error);
  reportFailure(client, { type: 'logout.incomplete', issuer, clientId, part, code }, error);
}
