import { AuthError, type Client, revokeToken } from '@countersign/core';
import { CommandError } from '../exit.ts';
import type { Output } from '../output.ts';
import type { Session } from '../session.ts';

/**
 * Revokes the tokens at the provider and deletes the file.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2
 */
export async function logout(session: Session, output: Output): Promise<void> {
  const { client, file, lock } = session;
  const owner = crypto.randomUUID();
  // A concurrent refresh must not store its tokens after the file is deleted.
  await lock.acquire('logout', { owner, timeToLive: 60_000, wait: 15_000 });
  let problem: string | undefined;
  try {
    // The tokens of a damaged file cannot be revoked, but the file is deleted.
    const tokens = await file.read().catch(() => undefined);
    if (tokens) problem = await revoke(client, tokens.refreshToken, tokens.accessTokens[0]?.accessToken);
    await file.remove();
    if (!tokens) return output.result({ status: 'logged_out', revoked: false }, 'You were not signed in.');
  } finally {
    await lock.release('logout', owner);
  }
  if (problem !== undefined) {
    throw new CommandError(
      'not_revoked',
      `The tokens were deleted locally, but not revoked at the provider: ${problem}`,
    );
  }
  output.result(
    { status: 'logged_out', revoked: true },
    'Logged out. The tokens were revoked at the provider and deleted locally.',
  );
}

/**
 * Revokes the refresh token, which also revokes its access tokens (RFC 7009 section 2.1). Returns a description of the
 * failure, or undefined.
 */
async function revoke(
  client: Client,
  refreshToken: string | undefined,
  accessToken: string | undefined,
): Promise<string | undefined> {
  try {
    if (refreshToken !== undefined)
      await revokeToken(client, refreshToken, { tokenTypeHint: 'refresh_token' });
    else if (accessToken !== undefined)
      await revokeToken(client, accessToken, { tokenTypeHint: 'access_token' });
    return undefined;
  } catch (error) {
    return error instanceof AuthError ? error.message : 'unexpected error';
  }
}
