import { createTokenSet, type TokenResponse, type TokenSet } from '@countersign/core';
import type { Config } from '../config.ts';
import { formatDuration, type Output, toPrintable } from '../output.ts';
import type { Session } from '../session.ts';

/** Stores the tokens of a new login. */
export async function storeLogin(session: Session, response: TokenResponse): Promise<TokenSet> {
  const { config, file, lock } = session;
  const newTokens = createTokenSet(response, Math.floor(session.now() / 1000), { resource: config.resource });
  // Locked, so that a refresh of another process does not overwrite the new tokens.
  await withLock(lock, () => file.save(newTokens));
  return newTokens;
}

/** Shows the signed-in user, and what the tokens can do. */
export function reportLogin({ config, file }: Session, output: Output, tokens: TokenSet): void {
  const [accessToken] = tokens.accessTokens;
  const lifetime = accessToken?.expiresAt && accessToken.expiresAt - tokens.updatedAt;
  const { claims } = tokens;
  const sub = claims?.sub;
  const isRefreshable = tokens.refreshToken !== undefined;
  const name = toPrintable(String(claims?.name ?? claims?.email ?? sub ?? 'an unknown user'));
  const lines = [
    `Signed in as ${name}.`,
    `Granted: ${(accessToken ?? tokens).scopes.join(' ')}`,
    `The access token is valid for ${lifetime ? formatDuration(lifetime) : 'an unknown time'}. ${describeRefresh(config, isRefreshable)}`,
    `Stored in ${file.path}`,
  ];
  output.result(
    {
      status: 'signed_in',
      sub: sub ?? null,
      scopes: (accessToken ?? tokens).scopes,
      expiresIn: lifetime ?? null,
      refreshable: isRefreshable,
      ...(!isRefreshable && { notice: describeRefresh(config, isRefreshable) }),
    },
    lines.join('\n'),
  );
}

function describeRefresh({ refreshTokens }: Config, isRefreshable: boolean): string {
  if (isRefreshable) return 'It is refreshed when it has expired.';
  if (refreshTokens) {
    return 'The provider issued no refresh token: log in again when the access token has expired. The API and the client must allow offline access at the provider.';
  }
  return 'There is no refresh token, because REFRESH_TOKENS is false: log in again when the access token has expired.';
}

async function withLock(lock: Session['lock'], run: () => Promise<void>): Promise<void> {
  const owner = crypto.randomUUID();
  await lock.acquire('login', { owner, timeToLive: 10_000, wait: 10_000 });
  try {
    await run();
  } finally {
    await lock.release('login', owner);
  }
}
