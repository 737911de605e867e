// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test, vi } from 'vitest';
import {
  advanceClock,
  createPage,
  origin,
  provider,
  showPage,
} from '../../../../tests/support/browser/browser-page.ts';
import { json } from '../../../../tests/support/browser/browser-provider.ts';
import { resolveOptions } from '../../options.ts';
import type { StoredTokenSet } from '../../state/login-holder.ts';
import { createLoginStore } from '../../state/login-store.ts';
import { createMemoryStorage } from '../../state/token-storage.ts';
import { createSilentLogin } from './silent-login.ts';

interface Frame {
  src: string;
  hidden: boolean;
  removed: boolean;
  /** Called after the frame has loaded its page. */
  load(): void;
}

describe('silent login', () => {
  const silentRedirectUri = `${origin}/silent.html`;
  let frames: Frame[];

  /** Stubs the hidden frame. `respond` returns the address of the redirect, or `undefined` for a page of the provider. */
  function showFrames(respond: (url: string) => string | undefined, loads = true): void {
    frames = [];
    vi.stubGlobal('document', {
      createElement: () => {
        const frame = {
          src: '',
          hidden: false,
          removed: false,
          load: () => {},
          addEventListener: (_: string, listener: () => void) => {
            frame.load = listener;
          },
          remove: () => {
            frame.removed = true;
          },
          get contentWindow() {
            const href = respond(frame.src);
            if (href === undefined) throw new DOMException('another origin', 'SecurityError');
            return { location: { href } };
          },
        };
        return frame;
      },
      body: {
        append: (frame: Frame) => {
          frames.push(frame);
          if (loads) queueMicrotask(() => frame.load());
        },
      },
    });
  }

  test('restores the login without a visible redirect', async () => {
    showFrames((url) => provider.approve(url));
    const page = createPage({ silentRedirectUri });
    await page.auth.start();
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'user-1' } });
    expect(page.visited).toEqual([]);
    const parameters = new URL(frames[0]?.src as string).searchParams;
    expect(parameters.get('prompt')).toBe('none');
    expect(parameters.get('redirect_uri')).toBe(silentRedirectUri);
    expect(frames.map(({ hidden, removed }) => [hidden, removed])).toEqual([[true, true]]);
  });

  test('publishes the state signed out without an error after login_required', async () => {
    showFrames((url) =>
      provider.approve(url, (p) => {
        p.delete('code');
        p.set('error', 'login_required');
      }),
    );
    const { auth } = createPage({ silentRedirectUri });
    await auth.start();
    expect(auth.snapshot()).toEqual({ status: 'signed-out' });
  });

  test('B25: shares its result only among calls with the same user in the same generation', async () => {
    showFrames((url) => provider.approve(url), false);
    const context = resolveOptions({
      issuer: provider.issuer,
      clientId: 'spa',
      redirectUri: `${origin}/callback`,
      silentRedirectUri,
      fetch: provider.fetch,
    });
    const store = createLoginStore(context, createMemoryStorage());
    const silentLogin = createSilentLogin(context, store, { onSuccess: () => {} });
    const holder = { iss: provider.issuer, sub: 'user-1' };
    const tokens = { accessTokens: [], scopes: [], updatedAt: 0, claims: holder, loginStartedAt: 1 };
    await store.changeTokens(() => tokens as unknown as StoredTokenSet);
    const started = [silentLogin(undefined), silentLogin(undefined), silentLogin(holder)];
    await vi.waitFor(() => expect(frames).toHaveLength(2));
    store.advanceGeneration();
    started.push(silentLogin(undefined));
    await vi.waitFor(() => expect(frames).toHaveLength(3));
    for (const frame of frames) frame.load();
    await Promise.allSettled(started);
    expect(frames).toHaveLength(3);
  });

  test('B25: ends at a logout in another tab if its operation began earlier', async () => {
    showFrames((url) => provider.approve(url));
    const started = Date.UTC(2026, 0, 1);
    let time = started;
    const context = resolveOptions({
      issuer: provider.issuer,
      clientId: 'spa',
      redirectUri: `${origin}/callback`,
      silentRedirectUri,
      fetch: provider.fetch,
      now: () => time,
    });
    const store = createLoginStore(context, createMemoryStorage());
    const startedAt = store.readClock();
    time = started + 2;
    await expect(
      createSilentLogin(context, store, { onSuccess: () => {} })(undefined, { startedAt }),
    ).resolves.toBe(true);
    await expect(store.read()).resolves.toMatchObject({ claims: { sub: 'user-1' } });
    // The message of the other tab arrives late.
    store.recordLogout(started + 1);
    await expect(store.deleteEndedLogin()).resolves.toMatchObject({ claims: { sub: 'user-1' } });
    await expect(store.read()).resolves.toBeUndefined();
  });

  test.each([
    ['state', 'another'],
    ['iss', 'https://evil.example'],
  ])('B7: rejects a response with another %s', async (name, value) => {
    showFrames((url) => provider.approve(url, (p) => p.set(name, value)));
    const { auth } = createPage({ silentRedirectUri });
    await auth.start();
    expect(auth.snapshot()).toMatchObject({ status: 'error', error: { check: name } });
    expect(provider.tokenRequests).toEqual([]);
  });

  test('B7: ignores a response at another page or origin', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      for (const base of [`${origin}/other.html`, 'https://evil.example/silent.html', undefined]) {
        showFrames((url) => base && `${base}${new URL(provider.approve(url)).search}`);
        const { auth } = createPage({ silentRedirectUri });
        const started = auth.start();
        await vi.waitFor(() => expect(frames).toHaveLength(1));
        await vi.advanceTimersByTimeAsync(3_000);
        await started;
        expect(auth.snapshot()).toEqual({ status: 'signed-out' });
      }
      expect(provider.tokenRequests).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('waits for a slow provider until the timeout', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      let address = 'about:blank';
      showFrames(() => address);
      const slowPage = createPage({ silentRedirectUri });
      const started = slowPage.auth.start();
      await vi.waitFor(() => expect(frames).toHaveLength(1));
      await vi.advanceTimersByTimeAsync(9_000);
      address = provider.approve(frames[0]?.src as string);
      frames[0]?.load();
      await started;
      expect(slowPage.auth.snapshot().status).toBe('signed-in');

      showFrames(() => undefined, false);
      const unresponsivePage = createPage({ silentRedirectUri });
      const waiting = unresponsivePage.auth.start();
      await vi.waitFor(() => expect(frames).toHaveLength(1));
      await vi.advanceTimersByTimeAsync(10_000);
      await waiting;
      expect(unresponsivePage.auth.snapshot()).toMatchObject({ status: 'error', error: { code: 'timeout' } });
      expect(frames[0]?.removed).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  /** Opens a page in a window with the name of the hidden frame. A window without a parent is its own parent. */
  function createNamedPage(parent: object | undefined) {
    const frame: { name: string; parent?: object } = { name: 'countersign silent login' };
    frame.parent = parent ?? frame;
    vi.stubGlobal('window', frame);
    return createPage();
  }

  test('does not start a page in the hidden frame', async () => {
    const { auth } = createNamedPage({ location: { origin: location.origin } });
    const started = await Promise.race([
      auth.start(),
      new Promise((resolve) => setTimeout(resolve, 20, 'waiting')),
    ]);
    expect(started).toBe('waiting');
    expect(provider.count('/.well-known/openid-configuration')).toBe(0);
  });

  const foreignWindow = {
    get location(): never {
      throw new DOMException('Blocked a frame with another origin', 'SecurityError');
    },
  };
  test.each([
    ['a window', undefined],
    ['a frame of another site', foreignWindow],
    ['a frame of another origin', { location: { origin: 'https://evil.example' } }],
  ])(
    'B32: starts a page that another site has opened in %s with the name of the hidden frame',
    async (_, parent) => {
      const { auth } = createNamedPage(parent);
      expect(await auth.start()).toEqual({});
      expect(auth.snapshot().status).toBe('signed-out');
      await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
    },
  );

  test('runs after the provider has rejected the refresh token', async () => {
    showFrames((url) => provider.approve(url));
    const { auth } = createPage({ silentRedirectUri });
    await auth.start();
    advanceClock(61);
    provider.intercept = ({ parameters }) =>
      parameters.get('grant_type') === 'refresh_token'
        ? json({ error: 'invalid_grant' }, { status: 400, headers: { 'content-type': 'application/json' } })
        : undefined;
    await auth.getAccessToken();
    expect(auth.snapshot().status).toBe('signed-in');
    expect(frames).toHaveLength(2);
  });

  test('restores the login despite a forged callback', async () => {
    showPage(`${origin}/callback?code=forged&state=forged`);
    showFrames((url) => provider.approve(url));
    const { auth } = createPage({ silentRedirectUri });
    await auth.start();
    expect(auth.snapshot()).toMatchObject({ status: 'signed-in', error: { check: 'state' } });
    expect(provider.tokenRequests.map(({ parameters }) => parameters.get('code'))).not.toContain('forged');
  });
});
