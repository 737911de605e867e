import { formatDuration, type Output } from '../output.ts';
import type { Session } from '../session.ts';
import { readTokens } from './tokens.ts';

/** Requests a new access token and new claims, even if the current ones are valid. */
export async function refresh(session: Session, output: Output): Promise<void> {
  const { config, coordinator, file } = session;
  await readTokens(session);
  const { accessToken, tokens } = await coordinator.getAccessToken(file.holder, {
    resource: config.resource,
    forceRefresh: true,
  });
  const lifetime = accessToken.expiresAt && accessToken.expiresAt - tokens.updatedAt;
  output.result(
    { status: 'refreshed', scopes: accessToken.scopes, expiresIn: lifetime ?? null },
    `Refreshed. The new access token is valid for ${lifetime ? formatDuration(lifetime) : 'an unknown time'}.`,
  );
}
