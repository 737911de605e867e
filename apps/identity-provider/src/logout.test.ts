import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoClients } from './clients.ts';
import { type RunningProvider, startProvider } from './start.ts';
import { createTestBrowser } from './testing/test-browser.ts';
import { claimsOf, createTestClient, encode, headerOf } from './testing/test-client.ts';

let running: RunningProvider;
let client: ReturnType<typeof createTestClient>;
const logoutTokens: string[] = [];
const app = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  logoutTokens.push(`${request.url} ${new URLSearchParams(body).get('logout_token')}`);
  response.end();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const nextWeb = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  const origins = { nextWeb, angularSpa: 'http://localhost:4200' };
  running = await startProvider({ origins, clients: demoClients(origins) });
  client = createTestClient(running);
});
afterAll(async () => {
  await running.close();
  app.close();
});

const returnTo = 'http://localhost:4200/';
const endSession = (parameters: Record<string, string>) =>
  `${running.issuer}/session/end?${encode(parameters)}`;

async function signedIn() {
  const browser = createTestBrowser(running.issuer);
  const { body } = await client.exchange(await browser.signIn(client.authorizationUrl()));
  const isSignedIn = async () => {
    const { url } = await browser.visit(client.authorizationUrl({ prompt: 'none' }));
    return url.searchParams.has('code');
  };
  return { ...browser, idToken: body.id_token as string, isSignedIn };
}

describe('RP-initiated logout', () => {
  test('with an ID token of the session ends it without a question, and leads back', async () => {
    const { visit, idToken, isSignedIn } = await signedIn();
    expect(await isSignedIn()).toBe(true);
    const parameters = { id_token_hint: idToken, post_logout_redirect_uri: returnTo, state: 'bye' };
    const { url } = await visit(endSession(parameters));
    expect(url.href).toBe(`${returnTo}?state=bye`);
    expect(await isSignedIn()).toBe(false);
  });

  test('without one asks first, and does what the user says', async () => {
    const { visit, isSignedIn } = await signedIn();
    const page = await visit(endSession({ client_id: 'angular-spa', post_logout_redirect_uri: returnTo }));
    expect(page.html).toContain('Sign out?');
    expect(await isSignedIn()).toBe(true);
    const again = await visit(page.url);
    const [, action = '', xsrf = ''] =
      /action="([^"]+)"><input type="hidden" name="xsrf" value="([^"]+)"/.exec(again.html) ?? [];
    expect((await visit(action, { xsrf: 'forged', logout: 'yes' })).status).toBe(400);
    expect((await visit(action, { xsrf, logout: 'yes' })).url.href).toBe(returnTo);
    expect(await isSignedIn()).toBe(false);
  });

  test("with another user's ID token asks first", async () => {
    const alice = await signedIn();
    const { body } = await client.login('bob');
    const { html } = await alice.visit(endSession({ id_token_hint: body.id_token }));
    expect(html).toContain('Sign out?');
    expect(await alice.isSignedIn()).toBe(true);
  });

  test('leads to registered addresses only', async () => {
    const { visit, idToken } = await signedIn();
    const elsewhere = 'https://elsewhere.example/';
    const page = await visit(endSession({ id_token_hint: idToken, post_logout_redirect_uri: elsewhere }));
    expect([page.status, page.url.origin]).toEqual([400, running.issuer]);
  });
});

test('back-channel logout tells the web app which session has ended', async () => {
  const { signIn, visit, isSignedIn } = await signedIn();
  const redirectUri = demoClients({
    nextWeb: `http://127.0.0.1:${(app.address() as AddressInfo).port}`,
    angularSpa: '',
  })[0]?.redirect_uris?.[0];
  const web = { client_id: 'next-web', redirect_uri: redirectUri };
  const callback = await signIn(client.authorizationUrl(web));
  const { body } = await client.exchange(
    callback,
    { client_id: undefined, redirect_uri: redirectUri },
    { authorization: `Basic ${Buffer.from('next-web:next-web-demo-secret').toString('base64')}` },
  );
  const { sid } = claimsOf(body.id_token);
  expect(sid).toEqual(expect.any(String));
  await visit(endSession({ id_token_hint: body.id_token }));
  expect(await isSignedIn()).toBe(false);
  expect(logoutTokens).toHaveLength(1);
  const [path, token = ''] = logoutTokens[0]?.split(' ') ?? [];
  expect(path).toBe('/auth/backchannel-logout');
  expect(headerOf(token).typ).toBe('logout+jwt');
  expect(claimsOf(token)).toMatchObject({ iss: running.issuer, aud: 'next-web', sub: 'user-alice', sid });
});
