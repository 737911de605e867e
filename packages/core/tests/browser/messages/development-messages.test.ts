// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { expect, test } from 'vitest';
import {
  advanceClock,
  createPage,
  openSignedInPage,
  provider,
  startLogin,
} from '../../support/browser/browser-page.ts';
import { json } from '../../support/browser/browser-provider.ts';

/** Completes a login, and returns the message of its error. */
async function readLoginError(): Promise<string> {
  const page = createPage();
  await page.auth.start();
  const callback = provider.approve(await startLogin(page));
  const error = await page.auth.handleCallback(callback).catch((reason: Error) => reason);
  return (error as Error).message;
}

test('an error about the client names the endpoint and the registration as a public client', async () => {
  provider.intercept = () => json({ error: 'invalid_client' }, { status: 401 });
  const message = await readLoginError();
  expect(message).toContain(
    `POST ${provider.issuer}/token was rejected with the error "invalid_client" (status 401)`,
  );
  expect(message).toContain('register "spa" at the provider as a public client');
});

test('an error about the client at a refresh names the endpoint and the registration', async () => {
  const { auth } = await openSignedInPage();
  advanceClock(61);
  provider.intercept = () => json({ error: 'invalid_client' }, { status: 401 });
  const { message } = await auth.getAccessToken().then(
    () => ({ message: '' }),
    (error: Error) => error,
  );
  expect(message).toContain(`(status 401) from POST ${provider.issuer}/token.`);
  expect(message).toContain('must be registered as a public client');
});

test.each([
  ['invalid_grant', 'compare redirectUri'],
  ['invalid_dpop_proof', 'Compare the clock'],
  ['unauthorized_client', 'public client'],
  ['unsupported_grant_type', 'Compare the registration of the client "spa"'],
])('the error "%s" has a remedy', async (error, remedy) => {
  provider.intercept = () => json({ error }, { status: 400 });
  expect(await readLoginError()).toContain(remedy);
});

test.each([
  [{ token_type: 'mac' }, 'Token response "token_type" is "mac", expected "Bearer".'],
  [{ expires_in: 'soon' }, 'Token response "expires_in" is "soon", expected a number of seconds.'],
  [{ id_token: null }, 'Token response "id_token" is missing, expected a text. Allow the scope openid'],
  [{ access_token: 7 }, 'Token response "access_token" is of the type number, expected a text.'],
  [{ access_token: '' }, 'Token response "access_token" is empty, expected a text.'],
])('a token response with %j is described with what came', async (change, text) => {
  provider.body = (body) => ({ ...body, ...change });
  expect(await readLoginError()).toContain(text);
});

test('a token response without JSON names the endpoint', async () => {
  provider.intercept = () => new Response('<h1>Sign in</h1>', { headers: { 'content-type': 'text/html' } });
  expect(await readLoginError()).toContain(
    `POST ${provider.issuer}/token returned status 200 without a JSON object, expected JSON. Check`,
  );
});

test('another algorithm of the ID token names the option that allows it', async () => {
  provider.header = (header) => ({ ...header, alg: 'ES256' });
  expect(await readLoginError()).toContain(
    'ID token "alg" is "ES256", expected "RS256". If the provider signs with this algorithm, set the option idTokenSignedResponseAlg to it.',
  );
});

test.each([
  ['exp', -3_600, 'is in the past'],
  ['iat', 3_600, 'is in the future'],
  ['iat', -7_200, 'is more than 3600 seconds ago'],
  ['nbf', 3_600, 'is in the future'],
])('an ID token whose "%s" is wrong by %d seconds names the clocks', async (claim, seconds, text) => {
  provider.claims = (claims) => ({ ...claims, [claim]: Number(claims.iat) + seconds });
  expect(await readLoginError()).toContain(
    `ID token "${claim}" ${text}. Check the clocks of this machine and of the provider.`,
  );
});
