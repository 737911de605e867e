import { AuthError, ConfigurationError, getErrorCode } from '../../errors.ts';
import { writeLine } from '../../internal/console-lines.ts';
import { replaceControlCharacters } from '../../internal/control-characters.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { emitEvent } from '../observability.ts';
import { revokeToken } from './revocation.ts';

/** A part of a logout that can fail while the others succeed. */
export type LogoutPart = 'session' | 'refresh_token' | 'provider';

const explanations: Readonly<Record<LogoutPart, string>> = {
  session: 'A session could not be ended in its store',
  refresh_token: 'The refresh token of an ended session could not be revoked',
  provider: 'The user remains signed in at the provider, because the address of its logout is unknown',
};

/** Emits `logout.incomplete`. */
export function emitIncompleteLogout(client: Client, part: LogoutPart, error: unknown): void {
  const { issuer, clientId } = client;
  emitEvent(client, { type: 'logout.incomplete', issuer, clientId, part, code: getErrorCode(error) });
}

/** Emits `logout.incomplete`. Without a listener, the failure is written to the console. */
export function reportIncompleteLogout(client: Client, part: LogoutPart, error: unknown): void {
  emitIncompleteLogout(client, part, error);
  if (getClientContext(client).options.onEvent) return;
  // The message of an error from other code may contain a token.
  const message = error instanceof AuthError ? `: ${replaceControlCharacters(error.message)}` : '';
  const code = getErrorCode(error);
  writeLine('error', {
    kind: `logout ${part} ${code}`,
    text: `logout: ${explanations[part]}: ${code}${message}`,
  });
}

/**
 * Revokes the refresh token of a session that has ended. It never throws: the session has ended either way. It is not a
 * failure if the provider has no revocation endpoint.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2
 */
export async function revokeEndedLogin(client: Client, refreshToken: string | undefined): Promise<void> {
  if (refreshToken === undefined) return;
  try {
    await revokeToken(client, refreshToken, { tokenTypeHint: 'refresh_token' });
  } catch (error) {
    const isUnsupported = error instanceof ConfigurationError && error.code === 'unsupported_by_provider';
    if (!isUnsupported) reportIncompleteLogout(client, 'refresh_token', error);
  }
}
