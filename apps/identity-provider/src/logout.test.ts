import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDemoClients } from './data/clients.ts';
import { type RunningProvider, startProvider } from './start.ts';
import { createTestBrowser } from './testing/test-browser.ts';
import { createTestClient, encode, readClaims, readHeader } from './testing/test-client.ts';

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
  running = await startProvider({ origins, clients: createDemoClients(origins) });
  client = createTestClient(running);
});
afterAll(async () => {
  await running.close();
  app.close();
});

const returnTo = 'http://localhost:4200/';
const endSession = (parameters: Record<string, string>) =>
  `${running.issuer}/session/end?${encode(parameters)}`;

async function logInWithBrowser() {
  const browser = createTestBrowser(running.issuer);
  const { body } = await client.exchange(await browser.logIn(client.authorizationUrl()));
  const isSignedIn = async () => {
    const { url } = await browser.visit(client.authorizationUrl({ prompt: 'none' }));
    return url.searchParams.has('code');
  };
  return { ...browser, idToken: body.id_token as string, isSignedIn };
}

describe('RP-initiated logout', () => {
  test('ends the session without confirmation if the ID token hint matches the session', async () => {
    const { visit, idToken, isSignedIn } = await logInWithBrowser();
    expect(await isSignedIn()).toBe(true);
    const parameters = { id_token_hint: idToken, post_logout_redirect_uri: returnTo, state: 'bye' };
    const { url } = await visit(endSession(parameters));
    expect(url.href).toBe(`${returnTo}?state=bye`);
    expect(await isSignedIn()).toBe(false);
  });

  test('asks for confirmation without an ID token hint', async () => {
    const { visit, isSignedIn } = await logInWithBrowser();
    const page = await visit(endSession({ client_id: 'angular-spa', post_logout_redirect_uri: returnTo }));
    expect(page.html).toContain('Log out?');
    expect(await isSignedIn()).toBe(true);
    const again = await visit(page.url);
    const [, action = '', xsrf = ''] =
      /action="([^"]+)"><input type="hidden" name="xsrf" value="([^"]+)"/.exec(again.html) ?? [];
    expect((await visit(action, { xsrf: 'forged', logout: 'yes' })).status).toBe(400);
    expect((await visit(action, { xsrf, logout: 'yes' })).url.href).toBe(returnTo);
    expect(await isSignedIn()).toBe(false);
  });

  test('asks for confirmation if the ID token hint is of another user', async () => {
    const alice = await logInWithBrowser();
    const { body } = await client.login('bob');
    const { html } = await alice.visit(endSession({ id_token_hint: body.id_token }));
    expect(html).toContain('Log out?');
    expect(await alice.isSignedIn()).toBe(true);
  });

  test('rejects an unregistered redirect URI', async () => {
    const { visit, idToken } = await logInWithBrowser();
    const unregistered = 'https://elsewhere.example/';
    const page = await visit(endSession({ id_token_hint: idToken, post_logout_redirect_uri: unregistered }));
    expect([page.status, page.url.origin]).toEqual([400, running.issuer]);
  });
});

test('back-channel logout sends the ID of the ended session to the web app', async () => {
  const { logIn, visit, isSignedIn } = await logInWithBrowser();
  const redirectUri = createDemoClients({
    nextWeb: `http://127.0.0.1:${(app.address() as AddressInfo).port}`,
    angularSpa: '',
  })[0]?.redirect_uris?.[0];
  const web = { client_id: 'next-web', redirect_uri: redirectUri };
  const callback = await logIn(client.authorizationUrl(web));
  const { body } = await client.exchange(
    callback,
    { client_id: undefined, redirect_uri: redirectUri },
    { authorization: `Basic ${Buffer.from('next-web:next-web-demo-secret').toString('base64')}` },
  );
  const { sid } = readClaims(body.id_token);
  expect(sid).toEqual(expect.any(String));
  await visit(endSession({ id_token_hint: body.id_token }));
  expect(await isSignedIn()).toBe(false);
  expect(logoutTokens).toHaveLength(1);
  const [path, token = ''] = logoutTokens[0]?.split(' ') ?? [];
  expect(path).toBe('/auth/backchannel-logout');
  expect(readHeader(token).typ).toBe('logout+jwt');
  expect(readClaims(token)).toMatchObject({ iss: running.issuer, aud: 'next-web', sub: 'user-alice', sid });
});
