import { createTokenSet, type TokenResponse, type TokenSet } from '@countersign/core';
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
  const isOffline = config.scope.split(' ').includes('offline_access');
  const [accessToken] = tokens.accessTokens;
  const lifetime = accessToken?.expiresAt && accessToken.expiresAt - tokens.updatedAt;
  const { claims } = tokens;
  const sub = claims?.sub;
  const isRefreshable = tokens.refreshToken !== undefined;
  const name = toPrintable(String(claims?.name ?? claims?.email ?? sub ?? 'an unknown user'));
  const lines = [
    `Signed in as ${name}.`,
    `Granted: ${(accessToken ?? tokens).scopes.join(' ')}`,
    `The access token is valid for ${lifetime ? formatDuration(lifetime) : 'an unknown time'}. ${describeRefresh({ isOffline, isRefreshable })}`,
    `Stored in ${file.path}`,
  ];
  output.result(
    {
      status: 'signed_in',
      sub: sub ?? null,
      scopes: (accessToken ?? tokens).scopes,
      expiresIn: lifetime ?? null,
      refreshable: isRefreshable,
      ...(!isRefreshable && { notice: describeRefresh({ isOffline, isRefreshable }) }),
    },
    lines.join('\n'),
  );
}

function describeRefresh(login: { readonly isOffline: boolean; readonly isRefreshable: boolean }): string {
  if (login.isRefreshable) return 'It is refreshed when it has expired.';
  if (login.isOffline) {
    return 'The provider returned no refresh token although offline_access was requested: log in again when the access token has expired. The API and the client must allow offline access at the provider.';
  }
  return 'There is no refresh token, because SCOPE does not contain offline_access: log in again when the access token has expired.';
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
