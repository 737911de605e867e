// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test, vi } from 'vitest';
import { createMemoryStorage } from '../../src/browser/state/token-storage.ts';
import { createPage, later, origin, provider, signedIn, startLogin } from '../support/browser-page.ts';

const silentRedirectUri = `${origin}/silent.html`;

/** Hidden frames that load when the test calls `load()`, with the response of the provider. */
function showFrames(respond: (url: string) => string = (url) => provider.approve(url)) {
  const loads: (() => void)[] = [];
  vi.stubGlobal('document', {
    createElement: () => ({
      src: '',
      addEventListener(_: string, load: () => void) {
        loads.push(load);
      },
      remove: () => {},
      get contentWindow() {
        return { location: { href: respond(this.src) } };
      },
    }),
    body: { append: () => {} },
  });
  return {
    opened: () => vi.waitFor(() => expect(loads).not.toEqual([])),
    load() {
      for (const load of loads) load();
    },
  };
}

const signInAsBob = () => {
  provider.claims = (claims) => ({ ...claims, sub: 'bob' });
};

/** The storage of a user whose access token has expired, and who has no refresh token. */
async function createExpiredLogin() {
  const storage = createMemoryStorage();
  provider.body = (body) => ({ ...body, refresh_token: undefined });
  const { auth } = await signedIn({ storage });
  auth.stop();
  later(61);
  return storage;
}

describe('a stored login after a reload', () => {
  test('is restored without a request', async () => {
    const storage = createMemoryStorage();
    const { auth } = await signedIn({ storage });
    const requests = provider.tokenRequests.length;
    const { auth: reloaded } = createPage({ storage });
    await reloaded.start();
    expect(reloaded.snapshot()).toEqual(auth.snapshot());
    expect(provider.tokenRequests).toHaveLength(requests);
  });

  test('B25: is not restored after a logout during its read', async () => {
    const storage = createMemoryStorage();
    await signedIn({ storage });
    let logOut: (() => Promise<void>) | undefined;
    const { auth } = createPage({
      storage: {
        ...storage,
        async get(key) {
          const tokens = await storage.get(key);
          await logOut?.();
          return tokens;
        },
      },
    });
    logOut = () => {
      logOut = undefined;
      return auth.logout({ localOnly: true });
    };
    await auth.start();
    expect(auth.snapshot()).toEqual({ status: 'signed-out' });
  });

  test('B22: is not replaced by a silent login of another user', async () => {
    const storage = await createExpiredLogin();
    const frames = showFrames();
    signInAsBob();
    const { auth } = createPage({ storage, silentRedirectUri });
    const started = auth.start();
    await frames.opened();
    frames.load();
    await started;
    expect(auth.snapshot()).toMatchObject({ status: 'error', error: { code: 'session_ended' } });
    expect((await storage.get(`countersign ${provider.issuer} spa tokens`))?.claims?.sub).toBe('user-1');
  });

  test('B25: a logout during its silent login is final, and is not shown as an error', async () => {
    const storage = await createExpiredLogin();
    const frames = showFrames();
    const { auth } = createPage({ storage, silentRedirectUri });
    const started = auth.start();
    await frames.opened();
    await auth.logout({ localOnly: true });
    frames.load();
    await started;
    expect(auth.snapshot()).toEqual({ status: 'signed-out' });
  });

  test('B24: its silent login, which finds no user, does not end a login that was completed meanwhile', async () => {
    const storage = await createExpiredLogin();
    const frames = showFrames((url) =>
      provider.approve(url, (parameters) => {
        parameters.delete('code');
        parameters.set('error', 'login_required');
      }),
    );
    const page = createPage({ storage, silentRedirectUri });
    const started = page.auth.start();
    await frames.opened();
    signInAsBob();
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    const messages: unknown[] = [];
    const channel = new BroadcastChannel(`countersign ${provider.issuer} spa `);
    channel.onmessage = ({ data }) => messages.push(data.type);
    frames.load();
    await started;
    await new Promise((resolve) => setTimeout(resolve, 50));
    channel.close();
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'bob' } });
    expect(messages).not.toContain('end');
  });
});
