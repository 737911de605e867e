import { duration, type Output } from '../output.ts';
import type { Session } from '../session.ts';
import { tokensOf } from './tokens.ts';

/** Gets a new access token and new claims now, although the old ones may still be valid. */
export async function refresh(session: Session, output: Output): Promise<void> {
  const { config, coordinator, file } = session;
  await tokensOf(session);
  const { accessToken, tokens } = await coordinator.getAccessToken(file.holder, {
    resource: config.resource,
    forceRefresh: true,
  });
  const life = accessToken.expiresAt && accessToken.expiresAt - tokens.updatedAt;
  output.result(
    { status: 'refreshed', scopes: accessToken.scopes, expiresIn: life ?? null },
    `Refreshed. The new access token is valid for ${life ? duration(life) : 'an unknown time'}.`,
  );
}
