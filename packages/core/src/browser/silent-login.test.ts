import { describe, expect, test, vi } from 'vitest';
import { createPage, later, origin, provider, showPage } from './test-page.ts';
import { json } from './test-provider.ts';

interface Frame {
  src: string;
  hidden: boolean;
  removed: boolean;
  /** The frame has loaded what it shows now. */
  load(): void;
}

describe('silent login', () => {
  const silentRedirectUri = `${origin}/silent.html`;
  let frames: Frame[];

  /** A hidden frame in which the provider answers with another address, or shows a page of its own (`undefined`). */
  function showFrames(answer: (url: string) => string | undefined, loads = true): void {
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
            const href = answer(frame.src);
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

  test('restores the login of the provider, without a visible redirect', async () => {
    showFrames((url) => provider.approve(url));
    const page = createPage({ silentRedirectUri });
    await page.auth.start();
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'user-1' } });
    expect(page.visited).toEqual([]);
    const asked = new URL(frames[0]?.src as string).searchParams;
    expect(asked.get('prompt')).toBe('none');
    expect(asked.get('redirect_uri')).toBe(silentRedirectUri);
    expect(frames.map(({ hidden, removed }) => [hidden, removed])).toEqual([[true, true]]);
  });

  test('login_required means signed out, and is no error', async () => {
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

  test.each([
    ['state', 'another'],
    ['iss', 'https://evil.example'],
  ])('B7: an answer with another %s is refused', async (name, value) => {
    showFrames((url) => provider.approve(url, (p) => p.set(name, value)));
    const { auth } = createPage({ silentRedirectUri });
    await auth.start();
    expect(auth.snapshot()).toMatchObject({ status: 'error', error: { check: name } });
    expect(provider.tokenRequests).toEqual([]);
  });

  test('B7: an answer at another page or origin is not taken', async () => {
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

  test('a provider that is slow is waited for, from the empty page on, and not without end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      let address = 'about:blank';
      showFrames(() => address);
      const slow = createPage({ silentRedirectUri });
      const started = slow.auth.start();
      await vi.waitFor(() => expect(frames).toHaveLength(1));
      await vi.advanceTimersByTimeAsync(9_000);
      address = provider.approve(frames[0]?.src as string);
      frames[0]?.load();
      await started;
      expect(slow.auth.snapshot().status).toBe('signed-in');

      showFrames(() => undefined, false);
      const never = createPage({ silentRedirectUri });
      const waiting = never.auth.start();
      await vi.waitFor(() => expect(frames).toHaveLength(1));
      await vi.advanceTimersByTimeAsync(10_000);
      await waiting;
      expect(never.auth.snapshot()).toMatchObject({ status: 'error', error: { code: 'timeout' } });
      expect(frames[0]?.removed).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a page that finds itself in the hidden frame starts nothing', async () => {
    vi.stubGlobal('window', { name: 'countersign silent login' });
    const { auth } = createPage({ silentRedirectUri });
    const started = await Promise.race([
      auth.start(),
      new Promise((resolve) => setTimeout(resolve, 20, 'waiting')),
    ]);
    expect(started).toBe('waiting');
    expect(provider.count('/.well-known/openid-configuration')).toBe(0);
  });

  test('takes over where the refresh token is of no more use', async () => {
    showFrames((url) => provider.approve(url));
    const { auth } = createPage({ silentRedirectUri });
    await auth.start();
    later(61);
    provider.intercept = ({ parameters }) =>
      parameters.get('grant_type') === 'refresh_token'
        ? json({ error: 'invalid_grant' }, { status: 400, headers: { 'content-type': 'application/json' } })
        : undefined;
    await auth.getAccessToken();
    expect(auth.snapshot().status).toBe('signed-in');
    expect(frames).toHaveLength(2);
  });

  test('a forged callback ends no login that there is', async () => {
    showPage(`${origin}/callback?code=forged&state=forged`);
    showFrames((url) => provider.approve(url));
    const { auth } = createPage({ silentRedirectUri });
    await auth.start();
    expect(auth.snapshot()).toMatchObject({ status: 'signed-in', error: { check: 'state' } });
    expect(provider.tokenRequests.map(({ parameters }) => parameters.get('code'))).not.toContain('forged');
  });
});
