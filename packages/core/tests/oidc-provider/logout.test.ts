// @platforms node: oidc-provider needs Node.
import { expect, test } from 'vitest';
import { createEndSessionUrl, validateLogoutToken } from '../../src/index.ts';
import { createBrowser } from './support/browser.ts';
import { logIn, offline } from './support/log-in.ts';
import { clientOf, logoutReceiver, provider } from './support/relying-parties.ts';

test('logout: the provider ends the session, tells us by back channel, and sends the user back with our state', async () => {
  const client = clientOf('client_secret_basic');
  const browser = createBrowser(provider.issuer);
  const tokens = await logIn(client, offline, browser);
  const url = (await createEndSessionUrl(client, {
    idTokenHint: tokens.idToken,
    postLogoutRedirectUri: 'https://app.example.test/',
    state: 'our-state',
  })) as URL;
  const arrival = await browser.visit(url);
  expect(arrival.url.href).toBe('https://app.example.test/?state=our-state');
  await expect.poll(() => logoutReceiver.received.length).toBe(1);
  expect(await validateLogoutToken(client, logoutReceiver.received[0] as string)).toMatchObject({
    iss: provider.issuer,
    sub: 'alice',
    sid: tokens.claims?.sid,
  });
});
