// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test, vi } from 'vitest';
import type { IdleOptions, IdleSession } from '../../../src/browser/features/limit-idle-time.ts';
import { createMemoryStorage } from '../../../src/browser/state/token-storage.ts';
import { advanceClock, createPage, events, openSignedInPage } from '../../support/browser/browser-page.ts';
import { dispatch, limit, pass } from '../../support/browser/idle-page.ts';

describe('several tabs', () => {
  async function openTabs() {
    const storage = { ...createMemoryStorage(), reach: 'shared' as const };
    const pages = [await openSignedInPage({ storage }), createPage({ storage })] as const;
    const tabs = pages.map((page) => limit(page));
    await Promise.all(tabs.map(({ auth }) => auth.start()));
    return { pages, tabs: tabs as [IdleSession, IdleSession] };
  }

  test('share the activity of one tab', async () => {
    const { tabs } = await openTabs();
    pass(150);
    tabs[1].extend();
    pass(5);
    expect(tabs.map((tab) => tab.snapshot().isWarning)).toEqual([false, false]);
    pass(194);
    expect(tabs.map(({ auth }) => auth.snapshot().status)).toEqual(['signed-in', 'signed-in']);
  });

  test('B30: log out together, and one of them navigates to the provider', async () => {
    const { pages, tabs } = await openTabs();
    const before = pages.map(({ visited }) => visited.length);
    pass(200);
    await vi.waitFor(() =>
      expect(tabs.map(({ auth }) => auth.snapshot().status)).toEqual(['signed-out', 'signed-out']),
    );
    const countVisits = () =>
      pages.reduce((sum, { visited }, i) => sum + visited.length - (before[i] ?? 0), 0);
    await vi.waitFor(() => expect(countVisits()).toBe(1));
  });
});

interface ReopenOptions {
  /** Runs before the page is opened again. */
  readonly change?: () => void;
  /** Whether the application starts the client before it requests a token. Default: true. */
  readonly isStarted?: boolean;
  readonly times?: Partial<IdleOptions>;
}

describe('a stored login', () => {
  /** Closes the page, and opens it again after a number of seconds. */
  async function reopen(seconds: number, options: ReopenOptions = {}) {
    const { change = () => {}, isStarted = true, times = {} } = options;
    const storage = { ...createMemoryStorage(), reach: 'tab' as const };
    const first = limit(await openSignedInPage({ storage }), times);
    await first.auth.start();
    first.auth.stop();
    advanceClock(seconds);
    change();
    const page = createPage({ storage });
    const idle = limit(page, times);
    const states: unknown[] = [];
    idle.auth.subscribe(() => states.push(idle.auth.snapshot().status));
    if (isStarted) await idle.auth.start();
    const outcome = await idle.auth.getAccessToken().then(
      () => 'token',
      ({ code }) => code,
    );
    return { idle, page, states, outcome };
  }

  test('B30: is not shown, and ends, if the page was closed for too long', async () => {
    const { idle, states, outcome } = await reopen(201);
    expect(outcome).toMatch(/session_ended|not_signed_in/);
    expect(states).not.toContain('signed-in');
    expect(idle.auth.snapshot().status).toBe('signed-out');
  });

  test.each([
    ['an expired token', {}],
    ['a valid token', { warnAfter: 5, endAfter: 10 }],
  ])('B30: ends before the client that was not started returns %s', async (_case, times) => {
    const { idle, outcome, states } = await reopen(201, { isStarted: false, times });
    expect(outcome).toMatch(/session_ended|not_signed_in/);
    expect(states).not.toContain('signed-in');
    expect(idle.auth.snapshot().status).toBe('signed-out');
    expect(await idle.auth.start()).toEqual({});
    expect(events.map(({ type }) => type)).not.toContain('refresh.started');
  });

  test.each([true, false])(
    'continues if the page was closed for a short time (started: %s)',
    async (isStarted) => {
      const { idle, outcome } = await reopen(150, { isStarted });
      expect(outcome).toBe('token');
      expect(idle.auth.snapshot().status).toBe('signed-in');
      expect(idle.snapshot().isWarning).toBe(true);
    },
  );

  test('B30: does not count input before the end of the start as activity', async () => {
    const { idle } = await reopen(201, { change: () => queueMicrotask(() => dispatch('keydown')) });
    expect(idle.auth.snapshot().status).toBe('signed-out');
  });

  test('continues if localStorage is denied', async () => {
    vi.stubGlobal('localStorage', undefined);
    const { outcome } = await reopen(201);
    expect(outcome).toBe('token');
  });

  test('continues after the clock was set back', async () => {
    const { idle, outcome } = await reopen(-3600);
    expect(outcome).toBe('token');
    pass(200);
    expect(idle.auth.snapshot().status).toBe('signed-out');
  });
});

test('ends an idle login that the page restores after a failed start', async () => {
  const storage = { ...createMemoryStorage(), reach: 'tab' as const };
  const first = limit(await openSignedInPage({ storage }));
  await first.auth.start();
  first.auth.stop();
  advanceClock(500);
  let isAvailable = false;
  const failingStorage = {
    ...storage,
    get: (key: string) => {
      if (!isAvailable) throw Object.assign(new Error('unavailable'), { code: 'x' });
      return storage.get(key);
    },
  };
  const page = createPage({ storage: failingStorage as never });
  const idle = limit(page);
  await idle.auth.start();
  expect(idle.auth.snapshot().status).toBe('error');
  isAvailable = true;
  await page.auth.getAccessToken().catch(() => {});
  dispatch('online');
  await vi.waitFor(() => expect(page.auth.snapshot().status).not.toBe('signed-in'));
  expect(events.map(({ type }) => type)).not.toContain('refresh.succeeded');
});
