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

/** Lists what is stored about consent. The time of the last login is stored too. */
const readConsents = () => [...stored].filter(([name]) => !name.endsWith(' login')).map(([, value]) => value);

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

  const deny = (url: string, error = 'access_denied') =>
    provider.approve(url, (parameters) => {
      parameters.delete('code');
      parameters.set('error', error);
    });

  /** Starts a login that asks for consent, after a login without a refresh token. */
  async function startConsent() {
    const page = createPage(options);
    const url = await startLogin(page);
    expect(new URL(url).searchParams.get('prompt')).toBe('consent');
    return { page, url };
  }

  test('asks again after a login that the user left', async () => {
    await logIn(true);
    await startConsent();
    expect(await readPrompts(true, 2)).toEqual(['consent', 'consent']);
    expect(readConsents()).toEqual(['always']);
  });

  /** Starts a login that asks for consent, and rejects it. */
  async function rejectConsent(error: string) {
    const { page, url } = await startConsent();
    await expect(page.auth.handleCallback(deny(url, error))).rejects.toMatchObject({ error });
  }

  test('asks once more after a denied consent, and then no longer', async () => {
    await logIn(true);
    await rejectConsent('access_denied');
    await rejectConsent('access_denied');
    expect(await readPrompts(true, 3)).toEqual([null, null, null]);
  });

  test('asks once more after a cancelled consent, and then no longer', async () => {
    await logIn(true);
    await rejectConsent('user_cancelled_authorize');
    await rejectConsent('user_cancelled_login');
    expect(await readPrompts(true, 3)).toEqual([null, null, null]);
  });

  test('does not ask again if the provider rejects the prompt', async () => {
    await logIn(true);
    await rejectConsent('invalid_request');
    expect(await readPrompts(true, 3)).toEqual([null, null, null]);
  });

  test('no longer asks after rejections that follow a consent', async () => {
    expect(await readPrompts(true, 2)).toEqual([null, 'consent']);
    await rejectConsent('access_denied');
    expect(await readPrompts(true, 1)).toEqual(['consent']);
    await rejectConsent('invalid_request');
    expect(await readPrompts(true, 3)).toEqual([null, null, null]);
  });

  test('asks again if a login without consent received a refresh token, and a later one did not', async () => {
    await logIn(true);
    await rejectConsent('invalid_request');
    expect(await readPrompts(false, 1)).toEqual([null]);
    expect(await readPrompts(true, 2)).toEqual([null, 'consent']);
  });

  test('decides from the login that asked, not from the login of another tab', async () => {
    const other = createPage(options);
    const otherUrl = await startLogin(other);
    await logIn(true);
    const { page, url } = await startConsent();
    provider.body = (body) => ({ ...body, refresh_token: undefined });
    await other.auth.handleCallback(provider.approve(otherUrl));
    expect(readConsents()).toEqual(['wanted']);
    provider.body = (body) => body;
    await page.auth.handleCallback(provider.approve(url));
    expect(readConsents()).toEqual(['always']);
  });

  test('asks again after the pushed request failed', async () => {
    await logIn(true);
    const endpoint = `${provider.issuer}/par`;
    const { metadata } = provider;
    provider.metadata = {
      ...metadata,
      require_pushed_authorization_requests: true,
      pushed_authorization_request_endpoint: endpoint,
    };
    const page = createPage({
      ...options,
      fetch: async (url, init) =>
        url === endpoint ? new Response(null, { status: 503 }) : provider.fetch(url, init),
    });
    await expect(page.auth.login()).rejects.toMatchObject({ status: 503 });
    provider.metadata = metadata;
    expect(await readPrompts(true, 2)).toEqual(['consent', 'consent']);
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
