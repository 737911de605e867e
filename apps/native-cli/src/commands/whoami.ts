import { fetchUserinfo } from '@countersign/core';
import { CommandError } from '../exit.ts';
import { type Output, printable } from '../output.ts';
import type { Session } from '../session.ts';
import { tokensOf } from './tokens.ts';

/** Asks the provider's userinfo endpoint. @see OpenID Connect Core section 5.3 */
export async function whoami(session: Session, output: Output): Promise<void> {
  const { client, coordinator, config, file } = session;
  const tokens = await tokensOf(session);
  const sub = tokens.claims?.sub;
  if (sub === undefined) {
    throw new CommandError('no_id_token', 'The login had no ID token. Add openid to SCOPE and log in again.');
  }
  // Access to another resource for the first time: a token for no API in particular. Without a refresh token the
  // one of the login has to do; whether it opens userinfo is the provider's choice.
  const resource = tokens.refreshToken === undefined ? config.resource : undefined;
  const { accessToken } = await coordinator.getAccessToken(file.holder, { resource });
  const claims = await fetchUserinfo(client, accessToken.accessToken, sub);
  const lines = Object.entries(claims).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  output.result({ ...claims }, printable(lines.join('\n')));
}
