// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createPage, provider, startLogin } from '../support/browser-page.ts';

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

test('does not request offline_access at Keycloak, but sends the scope of the application as it is', async () => {
  const authorization_endpoint = `${provider.issuer}/realms/a/protocol/openid-connect/auth`;
  provider.metadata = { ...provider.metadata, authorization_endpoint };
  expect((await logIn(false)).get('scope')).toBe('openid');
  const page = createPage({ ...options, scope: 'openid offline_access' });
  expect(new URL(await startLogin(page)).searchParams.get('scope')).toBe('openid offline_access');
});

describe('OpenID Connect Core section 11', () => {
  const prompts = async (isConsentNeeded: boolean, count: number) => {
    const found: (string | null)[] = [];
    for (let index = 0; index < count; index++) found.push((await logIn(isConsentNeeded)).get('prompt'));
    return found;
  };

  test('if a provider issues a refresh token only with prompt=consent, logins request consent from the second one on', async () => {
    expect(await prompts(true, 4)).toEqual([null, 'consent', 'consent', 'consent']);
  });

  test('if a provider issues a refresh token, no login requests consent', async () => {
    expect(await prompts(false, 3)).toEqual([null, null, null]);
  });

  test('if a provider never issues one, one login requests consent', async () => {
    provider.body = (body) => ({ ...body, refresh_token: undefined });
    const found: (string | null)[] = [];
    for (let index = 0; index < 4; index++) {
      const page = createPage(options);
      const url = await startLogin(page);
      found.push(new URL(url).searchParams.get('prompt'));
      await page.auth.handleCallback(provider.approve(url));
    }
    expect(found).toEqual([null, 'consent', null, null]);
  });

  test('the prompt of the application is kept, and a login without offline_access requests no consent', async () => {
    await logIn(true);
    expect((await logIn(true, { prompt: 'login' })).get('prompt')).toBe('login');
    provider.metadata = { ...provider.metadata, scopes_supported: ['openid'] };
    expect((await logIn(true)).get('prompt')).toBeNull();
  });

  test('works without localStorage', async () => {
    vi.stubGlobal('localStorage', undefined);
    expect(await prompts(true, 2)).toEqual([null, null]);
  });
});
