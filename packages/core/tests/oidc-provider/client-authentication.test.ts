// @platforms node: oidc-provider needs Node.
import { describe, expect, test } from 'vitest';
import {
  clientSecretBasic,
  clientSecretPost,
  fetchUserinfo,
  refreshTokens,
  revokeToken,
} from '../../src/index.ts';
import { logIn } from './support/log-in.ts';
import { createRelyingParty } from './support/relying-parties.ts';

describe('client authentication', () => {
  test.each(['none', 'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt'])(
    'logs in, refreshes with rotation, detects reuse and revokes tokens with %s',
    async (method) => {
      const client = createRelyingParty(method);
      const tokens = await logIn(client);
      expect(tokens).toMatchObject({ tokenType: 'Bearer', claims: { sub: 'alice', aud: method } });
      expect(await fetchUserinfo(client, tokens.accessToken, 'alice')).toEqual({
        sub: 'alice',
        name: 'Alice Example',
      });
      const first = tokens.refreshToken as string;
      const second = await refreshTokens(client, first, { claims: tokens.claims });
      expect(second.refreshToken).not.toBe(first);
      expect(second.claims?.sub).toBe('alice');
      // The reuse of a refresh token revokes all tokens of its grant.
      await expect(refreshTokens(client, first)).rejects.toMatchObject({ error: 'invalid_grant' });
      await expect(refreshTokens(client, second.refreshToken as string)).rejects.toMatchObject({
        error: 'invalid_grant',
      });
      const other = await logIn(client);
      await revokeToken(client, other.refreshToken as string, { tokenTypeHint: 'refresh_token' });
      await expect(refreshTokens(client, other.refreshToken as string)).rejects.toMatchObject({
        error: 'invalid_grant',
      });
    },
  );

  test('rejects a wrong secret with invalid_client', async () => {
    for (const [id, authentication] of [
      ['client_secret_basic', clientSecretBasic('wrong')],
      ['client_secret_post', clientSecretPost('wrong')],
    ] as const) {
      const client = createRelyingParty(id, { clientAuthentication: authentication });
      await expect(refreshTokens(client, 'x')).rejects.toMatchObject({
        name: 'AuthorizationServerError',
        code: 'client_rejected',
        error: 'invalid_client',
        status: 401,
      });
    }
  });
});
