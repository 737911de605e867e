// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { afterAll, expect, test, vi } from 'vitest';
import { AuthError } from '../../../src/errors.ts';
import { createPage, origin, provider, startLogin } from '../../support/browser/browser-page.ts';

// Before any module is loaded, as in a production build of Angular.
vi.hoisted(() => {
  (globalThis as { ngDevMode?: unknown }).ngDevMode = false;
});
afterAll(() => {
  delete (globalThis as { ngDevMode?: unknown }).ngDevMode;
});

/** Expects an error whose message contains only the code and the name of the difference. */
function expectShort(error: unknown, detail: string): void {
  if (!(error instanceof AuthError)) throw error;
  expect(error.message).toBe(`${error.code} (${detail}): see docs/errors.md of Countersign`);
}

const catchError = async (run: () => unknown) => {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('No error was thrown.');
};

test.each([
  [{ clientId: '' }, 'clientId'],
  [{ issuer: 'http://login.example' }, 'http://login.example'],
  [{ redirectUri: '/callback' }, 'redirectUri'],
  [{ redirectUri: `${origin}/callback#top` }, 'redirectUri'],
  [{ redirectUri: `${origin}/callback?code=1` }, 'redirectUri'],
  [{ silentRedirectUri: 'silent' }, 'silentRedirectUri'],
  [{ scope: 'profile' }, 'scope'],
  [{ clockTolerance: 301 }, 'clockTolerance'],
])('names the rejected option of %j', async (options, detail) => {
  expectShort(await catchError(() => createPage(options)), detail);
});

test.each([
  ['state', 'state'],
  ['iss', 'iss'],
])('names the rejected parameter "%s" of an authorization response', async (name, detail) => {
  const page = createPage();
  const callback = provider.approve(await startLogin(page), (parameters) => parameters.set(name, 'x'));
  expectShort(await catchError(() => page.auth.handleCallback(callback)), detail);
});

test('contains the OAuth error of the provider without its description', async () => {
  const page = createPage();
  const callback = provider.approve(await startLogin(page), (parameters) => {
    parameters.delete('code');
    parameters.set('error', 'access_denied');
    parameters.set('error_description', 'The user denied access');
  });
  expectShort(await catchError(() => page.auth.handleCallback(callback)), 'access_denied');
});

test('names the rejected claim of an ID token', async () => {
  provider.claims = (claims) => ({ ...claims, aud: 'another' });
  const page = createPage();
  const callback = provider.approve(await startLogin(page));
  expectShort(await catchError(() => page.auth.handleCallback(callback)), 'aud');
});

test('names the request that received no response', async () => {
  const page = createPage({ fetch: () => Promise.reject(new TypeError('Failed to fetch')) });
  const url = `${provider.issuer}/.well-known/openid-configuration`;
  expectShort(await catchError(() => page.auth.login()), `GET ${url}`);
});

test('contains only the code without a difference', async () => {
  const page = createPage();
  await page.auth.start();
  expect(await catchError(() => page.auth.getAccessToken())).toMatchObject({
    message: 'not_signed_in: see docs/errors.md of Countersign',
  });
});

test('the log line of a failed login contains the code and the name of what differed', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const page = createPage({ issuer: `${provider.issuer}/`, onEvent: undefined });
  await expect(page.auth.login()).rejects.toMatchObject({ code: 'metadata_invalid' });
  expect(warn.mock.calls).toEqual([
    [
      'countersign: login.failed (https://login.example/): metadata_invalid (issuer): see docs/errors.md of Countersign',
    ],
  ]);
  warn.mockRestore();
});
