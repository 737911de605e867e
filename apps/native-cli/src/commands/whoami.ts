import { fetchUserinfo } from '@countersign/core';
import { CommandError } from '../exit.ts';
import { type Output, toPrintable } from '../output.ts';
import type { Session } from '../session.ts';
import { readTokens } from './tokens.ts';

/**
 * Shows the claims of the provider's userinfo endpoint.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfo
 */
export async function whoami(session: Session, output: Output): Promise<void> {
  const { client, coordinator, config, file } = session;
  const tokens = await readTokens(session);
  const sub = tokens.claims?.sub;
  if (sub === undefined) {
    throw new CommandError(
      'no_id_token',
      'The login returned no ID token. Add openid to SCOPE and log in again.',
    );
  }
  // Userinfo requires a token without a resource, which the refresh token requests. Without a refresh token, the access
  // token of the login is used; the provider decides whether userinfo accepts it.
  const resource = tokens.refreshToken === undefined ? config.resource : undefined;
  const { accessToken } = await coordinator.getAccessToken(file.holder, { resource });
  const claims = await fetchUserinfo(client, accessToken.accessToken, sub);
  const lines = Object.entries(claims).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  output.result({ ...claims }, toPrintable(lines.join('\n')));
}
