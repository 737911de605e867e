// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { BrowserAuth, BrowserAuthSnapshot } from '../../../src/browser/browser-auth-types.ts';
import {
  type IdleOptions,
  type IdleSession,
  limitIdleTime,
} from '../../../src/browser/features/limit-idle-time.ts';
import type { BrowserAuthOptions } from '../../../src/browser/options.ts';
import { createMemoryStorage } from '../../../src/browser/state/token-storage.ts';
import {
  advanceClock,
  createPage,
  events,
  openSignedInPage,
  origin,
  type Page,
  provider,
  startLogin,
  time,
} from '../../support/browser/browser-page.ts';

let target: EventTarget;
let sharedItems: Map<string, string>;

beforeEach(() => {
  target = new EventTarget();
  sharedItems = new Map();
  vi.stubGlobal('addEventListener', target.addEventListener.bind(target));
  vi.stubGlobal('removeEventListener', target.removeEventListener.bind(target));
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => sharedItems.get(name) ?? null,
    setItem: (name: string, value: string) => void sharedItems.set(name, value),
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

const dispatch = (name: string) => target.dispatchEvent(new Event(name));

function limit(page: Page, options: Partial<BrowserAuthOptions & IdleOptions> = {}): IdleSession {
  return limitIdleTime(page.auth, {
    issuer: provider.issuer,
    clientId: 'spa',
    redirectUri: `${origin}/callback`,
    now: () => time,
    onEvent: (event) => events.push(event),
    warnAfter: 100,
    endAfter: 200,
    ...options,
  });
}

/** Advances the time of an open page, whose timers run. */
function pass(seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    advanceClock(1);
    vi.advanceTimersByTime(1000);
  }
}

async function open(): Promise<{ page: Page; idle: IdleSession }> {
  const page = await openSignedInPage();
  const idle = limit(page);
  await idle.auth.start();
  return { page, idle };
}

test.each([
  ['alice', { sub: 'alice', login: '1' }],
  ['no user', null],
])(
  'B24: a request of %s belongs to that user, although another one logs in during the start',
  async (_, holder) => {
    const page = createPage();
    let snapshot: BrowserAuthSnapshot = holder ? { status: 'signed-in', holder } : { status: 'signed-out' };
    let finishStart = () => {};
    const requests: unknown[] = [];
    const auth: BrowserAuth = {
      ...page.auth,
      snapshot: () => snapshot,
      start: () =>
        new Promise((resolve) => {
          finishStart = () => resolve({});
        }),
      async getAccessToken(request) {
        requests.push(request?.holder);
        return { accessToken: 'token', tokenType: 'Bearer', scopes: [] };
      },
    };
    const idle = limit({ ...page, auth });
    const token = idle.auth.getAccessToken();
    snapshot = { status: 'signed-in', holder: { sub: 'bob', login: '2' } };
    finishStart();
    await token;
    expect(requests).toEqual([holder]);
  },
);

describe('the idle time', () => {
  test('leads to a warning, and then to a logout', async () => {
    const { page, idle } = await open();
    const states: unknown[] = [];
    idle.subscribe(() => states.push(idle.snapshot().isWarning));
    const endsAt = Math.floor(time / 1000) + 200;
    expect(idle.snapshot()).toEqual({ isWarning: false, endsAt });
    pass(99);
    expect(states).toEqual([]);
    pass(1);
    expect(idle.snapshot()).toEqual({ isWarning: true, endsAt });
    pass(99);
    expect(page.auth.snapshot().status).toBe('signed-in');
    pass(1);
    expect(idle.auth.snapshot().status).toBe('signed-out');
    expect(idle.snapshot()).toEqual({ isWarning: false });
    expect(events).toContainEqual({ type: 'session.idle', issuer: provider.issuer, clientId: 'spa' });
    await vi.waitFor(() => expect(page.visited.at(-1)).toMatch(/\/logout\?/));
  });

  test.each(['pointerdown', 'keydown', 'wheel', 'touchmove'])('starts again at a %s event', async (name) => {
    const { idle } = await open();
    pass(150);
    expect(idle.snapshot().isWarning).toBe(true);
    dispatch(name);
    expect(idle.snapshot().isWarning).toBe(false);
    pass(199);
    expect(idle.auth.snapshot().status).toBe('signed-in');
    pass(1);
    expect(idle.auth.snapshot().status).toBe('signed-out');
  });

  test('starts again with extend()', async () => {
    const { idle } = await open();
    pass(150);
    idle.extend();
    expect(idle.snapshot()).toEqual({ isWarning: false, endsAt: Math.floor(time / 1000) + 200 });
  });

  test('does not start again with a refresh', async () => {
    const { idle } = await open();
    pass(150);
    await idle.auth.getAccessToken({ forceRefresh: true });
    pass(50);
    expect(idle.auth.snapshot().status).toBe('signed-out');
  });

  test('starts with a new login', async () => {
    const { page, idle } = await open();
    pass(200);
    pass(1000);
    await idle.auth.handleCallback(provider.approve(await startLogin(page)));
    pass(199);
    expect(idle.auth.snapshot().status).toBe('signed-in');
  });

  test.each([
    { warnAfter: -1, endAfter: 10 },
    { warnAfter: 20, endAfter: 10 },
    { warnAfter: 1, endAfter: 0 },
    { warnAfter: 1, endAfter: 86_401 },
    { warnAfter: Number.NaN, endAfter: 10 },
  ])('is rejected if its options are %j', (times) => {
    expect(() => limit(createPage(), times)).toThrow(expect.objectContaining({ code: 'invalid_option' }));
  });

  test('is not measured after stop()', async () => {
    const { page, idle } = await open();
    idle.auth.stop();
    pass(500);
    dispatch('focus');
    expect(page.auth.snapshot().status).toBe('signed-in');
  });
});

describe('a suspended computer', () => {
  // The timers of a page do not run while the computer is suspended.
  test.each(['focus', 'pageshow', 'visibilitychange', 'resume', 'online'])(
    'B30: ends the login at once when it resumes (%s)',
    async (name) => {
      const { idle } = await open();
      advanceClock(3600);
      dispatch(name);
      expect(idle.auth.snapshot().status).toBe('signed-out');
    },
  );

  test.each(['pointerdown', 'keydown'])(
    'B30: does not count the %s event that resumes it as activity',
    async (name) => {
      const { idle } = await open();
      advanceClock(3600);
      dispatch(name);
      expect(idle.auth.snapshot().status).toBe('signed-out');
    },
  );

  test('B30: returns no token after it resumes', async () => {
    const { idle } = await open();
    advanceClock(3600);
    await expect(idle.auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    expect(idle.auth.snapshot().status).toBe('signed-out');
    expect(events.map(({ type }) => type)).not.toContain('refresh.started');
  });

  test('B30: returns no valid token after the idle time', async () => {
    const page = await openSignedInPage();
    const idle = limit(page, { warnAfter: 5, endAfter: 10 });
    await idle.auth.start();
    advanceClock(20);
    await expect(idle.auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
  });

  test('keeps a login whose idle time has not passed', async () => {
    const { idle } = await open();
    advanceClock(150);
    dispatch('visibilitychange');
    expect(idle.auth.snapshot().status).toBe('signed-in');
    expect(idle.snapshot().isWarning).toBe(true);
  });
});

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
