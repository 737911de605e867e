// @platforms node: oidc-provider needs Node.
import { expect, test } from 'vitest';
import { createEndSessionUrl, validateLogoutToken } from '../../src/index.ts';
import { createBrowser } from './support/browser.ts';
import { logIn, offline } from './support/log-in.ts';
import { createRelyingParty, logoutReceiver, provider } from './support/relying-parties.ts';

test('a logout ends the session at the provider, sends a logout token, and redirects the user with the state', async () => {
  const client = createRelyingParty('client_secret_basic');
  const browser = createBrowser(provider.issuer);
  const tokens = await logIn(client, offline, browser);
  const url = (await createEndSessionUrl(client, {
    idTokenHint: tokens.idToken,
    postLogoutRedirectUri: 'https://app.example.test/',
    state: 'a-state',
  })) as URL;
  const result = await browser.visit(url);
  expect(result.url.href).toBe('https://app.example.test/?state=a-state');
  await expect.poll(() => logoutReceiver.receivedTokens.length).toBe(1);
  expect(await validateLogoutToken(client, logoutReceiver.receivedTokens[0] as string)).toMatchObject({
    iss: provider.issuer,
    sub: 'alice',
    sid: tokens.claims?.sid,
  });
});
