import { AuthError, type Client, revokeToken } from '@countersign/core';
import { CommandError } from '../exit.ts';
import type { Output } from '../output.ts';
import type { Session } from '../session.ts';

/** Revokes what the provider gave, and deletes the file. @see RFC 7009 section 2 */
export async function logout(session: Session, output: Output): Promise<void> {
  const { client, file, lock } = session;
  const owner = crypto.randomUUID();
  // A refresh that is under way must not write its tokens after they were deleted here.
  await lock.acquire('logout', { owner, timeToLive: 60_000, wait: 15_000 });
  let problem: string | undefined;
  try {
    // A damaged file cannot be revoked, and must be deletable.
    const tokens = await file.read().catch(() => undefined);
    if (tokens) problem = await revoke(client, tokens.refreshToken, tokens.accessTokens[0]?.accessToken);
    await file.remove();
    if (!tokens) return output.result({ status: 'signed_out', revoked: false }, 'You were not signed in.');
  } finally {
    await lock.release('logout', owner);
  }
  if (problem !== undefined) {
    throw new CommandError(
      'not_revoked',
      `The tokens were deleted here, but not revoked at the provider: ${problem}`,
    );
  }
  output.result(
    { status: 'signed_out', revoked: true },
    'Signed out. The tokens were revoked at the provider and deleted here.',
  );
}

/** Revoking the refresh token ends what came from it too (RFC 7009 section 2.1). What went wrong, if anything. */
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
    return error instanceof AuthError ? error.message : 'unexpected failure';
  }
}
