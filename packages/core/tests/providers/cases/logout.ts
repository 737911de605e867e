import { expect } from 'vitest';
import { createAuthorizationRequest, createEndSessionUrl, validateLogoutToken } from '../../../src/index.ts';
import { isTested, type ProviderRow } from '../provider-row.ts';
import type { CapabilityTest } from './capability-case.ts';
import { logIn } from './log-in.ts';

const postLogoutRedirectUri = 'https://app.example.test/signed-out';

export const testLogout: CapabilityTest<'logout'> = async (row, cell) => {
  const { server, client, tokens } = await logIn(row, cell);
  const url = await createEndSessionUrl(client, { postLogoutRedirectUri, idTokenHint: tokens.idToken });
  expect(`${url?.origin}${url?.pathname}`).toBe(cell.url);
  const response = await server.fetch(url as URL);
  expect(response.headers.get('location')).toBe(postLogoutRedirectUri);
  const silentLogin = await createAuthorizationRequest(client, { prompt: 'none' });
  const { parameters } = await server.authorize(silentLogin.url);
  expect(parameters.get('error')).toBe('login_required');
};

/** The provider has no logout: there is no URL, so the user stays signed in there. */
export async function testMissingLogout(row: ProviderRow): Promise<void> {
  const { client, tokens } = await logIn(row, isTested(row.cells.login) ? row.cells.login : {});
  const url = await createEndSessionUrl(client, { postLogoutRedirectUri, idTokenHint: tokens.idToken });
  expect(url).toBeUndefined();
}

const backchannelLogoutUri = 'https://app.example.test/auth/backchannel-logout';

export const testBackchannelLogout: CapabilityTest<'backchannelLogout'> = async (row, cell) => {
  const logoutTokens: string[] = [];
  const { clientId, clientSecret } = row.client ?? { clientId: 'web', clientSecret: 'web-secret' };
  const { server, client, tokens } = await logIn(row, cell, {
    clients: [{ clientId, clientSecret, backchannelLogoutUri }],
    async outgoingFetch(_, { body }) {
      logoutTokens.push(new URLSearchParams(String(body)).get('logout_token') ?? '');
      return new Response();
    },
  });
  await server.endSession();
  expect(logoutTokens).toHaveLength(1);
  await expect(validateLogoutToken(client, logoutTokens[0] ?? '')).resolves.toMatchObject({
    iss: client.issuer,
    sid: tokens.claims?.sid,
  });
  // An ID token is not a logout token (Back-Channel Logout section 2.4).
  await expect(validateLogoutToken(client, tokens.idToken ?? '')).rejects.toMatchObject({
    code: 'logout_token_invalid',
  });
};
