// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test, vi } from 'vitest';
import { createMemoryStorage } from '../../../src/browser/state/token-storage.ts';
import {
  advanceClock,
  createPage,
  openSignedInPage,
  origin,
  provider,
  startLogin,
} from '../../support/browser/browser-page.ts';

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
    waitForFrame: () => vi.waitFor(() => expect(loads).not.toEqual([])),
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
  const { auth } = await openSignedInPage({ storage });
  auth.stop();
  advanceClock(61);
  return storage;
}

describe('a stored login after a reload', () => {
  test('is restored without a request', async () => {
    const storage = createMemoryStorage();
    const { auth } = await openSignedInPage({ storage });
    const requests = provider.tokenRequests.length;
    const { auth: reloaded } = createPage({ storage });
    await reloaded.start();
    expect(reloaded.snapshot()).toEqual(auth.snapshot());
    expect(provider.tokenRequests).toHaveLength(requests);
  });

  test('B25: is not restored after a logout during its read', async () => {
    const storage = createMemoryStorage();
    await openSignedInPage({ storage });
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

  test('B22: is kept if a silent login returns another user', async () => {
    const storage = await createExpiredLogin();
    const frames = showFrames();
    signInAsBob();
    const { auth } = createPage({ storage, silentRedirectUri });
    const start = auth.start();
    await frames.waitForFrame();
    frames.load();
    await start;
    expect(auth.snapshot()).toMatchObject({ status: 'error', error: { code: 'session_ended' } });
    expect((await storage.get(`countersign ${provider.issuer} spa tokens`))?.claims?.sub).toBe('user-1');
  });

  test('B25: ends at a logout during its silent login, without an error', async () => {
    const storage = await createExpiredLogin();
    const frames = showFrames();
    const { auth } = createPage({ storage, silentRedirectUri });
    const start = auth.start();
    await frames.waitForFrame();
    await auth.logout({ localOnly: true });
    frames.load();
    await start;
    expect(auth.snapshot()).toEqual({ status: 'signed-out' });
  });

  test('B24: does not end a newer login when its silent login finds no user', async () => {
    const storage = await createExpiredLogin();
    const frames = showFrames((url) =>
      provider.approve(url, (parameters) => {
        parameters.delete('code');
        parameters.set('error', 'login_required');
      }),
    );
    const page = createPage({ storage, silentRedirectUri });
    const start = page.auth.start();
    await frames.waitForFrame();
    signInAsBob();
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    const messages: unknown[] = [];
    const channel = new BroadcastChannel(`countersign ${provider.issuer} spa `);
    channel.onmessage = ({ data }) => messages.push(data.type);
    frames.load();
    await start;
    await new Promise((resolve) => setTimeout(resolve, 50));
    channel.close();
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'bob' } });
    expect(messages).not.toContain('end');
  });
});
