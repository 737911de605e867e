// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createPage, provider, startLogin } from '../../support/browser/browser-page.ts';

const options = { scope: 'openid', refreshTokens: true };
let stored: Map<string, string>;

beforeEach(() => {
  stored = new Map();
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => void stored.set(name, value),
  });
  provider.metadata = { ...provider.metadata, scopes_supported: ['openid', 'offline_access'] };
});

/** Logs in, and returns the parameters that were sent. */
async function logIn(isConsentNeeded: boolean, request = {}) {
  const page = createPage(options);
  const url = await startLogin(page, request);
  const sent = new URL(url).searchParams;
  const isGranted = !isConsentNeeded || sent.get('prompt') === 'consent';
  provider.body = (body) => (isGranted ? body : { ...body, refresh_token: undefined });
  await page.auth.handleCallback(provider.approve(url));
  return sent;
}

test('requests offline_access if the provider lists it', async () => {
  expect((await logIn(false)).get('scope')).toBe('openid offline_access');
  provider.metadata = { ...provider.metadata, scopes_supported: ['openid'] };
  expect((await logIn(false)).get('scope')).toBe('openid');
  delete provider.metadata.scopes_supported;
  expect((await logIn(false)).get('scope')).toBe('openid');
});

test('requests offline_access at Keycloak only if the scope of the application contains it', async () => {
  const authorization_endpoint = `${provider.issuer}/realms/a/protocol/openid-connect/auth`;
  provider.metadata = { ...provider.metadata, authorization_endpoint };
  expect((await logIn(false)).get('scope')).toBe('openid');
  const page = createPage({ ...options, scope: 'openid offline_access' });
  expect(new URL(await startLogin(page)).searchParams.get('scope')).toBe('openid offline_access');
});

describe('OpenID Connect Core section 11', () => {
  const readPrompts = async (isConsentNeeded: boolean, count: number) => {
    const prompts: (string | null)[] = [];
    for (let index = 0; index < count; index++) prompts.push((await logIn(isConsentNeeded)).get('prompt'));
    return prompts;
  };

  test('requests consent from the second login on if only prompt=consent leads to a refresh token', async () => {
    expect(await readPrompts(true, 4)).toEqual([null, 'consent', 'consent', 'consent']);
  });

  test('requests no consent if the provider issues a refresh token', async () => {
    expect(await readPrompts(false, 3)).toEqual([null, null, null]);
  });

  test('requests consent in one login if the provider never issues a refresh token', async () => {
    provider.body = (body) => ({ ...body, refresh_token: undefined });
    const prompts: (string | null)[] = [];
    for (let index = 0; index < 4; index++) {
      const page = createPage(options);
      const url = await startLogin(page);
      prompts.push(new URL(url).searchParams.get('prompt'));
      await page.auth.handleCallback(provider.approve(url));
    }
    expect(prompts).toEqual([null, 'consent', null, null]);
  });

  test('keeps the prompt of the application, and requests no consent without offline_access', async () => {
    await logIn(true);
    expect((await logIn(true, { prompt: 'login' })).get('prompt')).toBe('login');
    provider.metadata = { ...provider.metadata, scopes_supported: ['openid'] };
    expect((await logIn(true)).get('prompt')).toBeNull();
  });

  test('requests no consent without localStorage', async () => {
    vi.stubGlobal('localStorage', undefined);
    expect(await readPrompts(true, 2)).toEqual([null, null]);
  });
});
