// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test, vi } from 'vitest';
import type { BrowserAuth, BrowserAuthSnapshot } from '../../../src/browser/browser-auth-types.ts';
import type { IdleSession } from '../../../src/browser/features/limit-idle-time.ts';
import {
  advanceClock,
  createPage,
  events,
  openSignedInPage,
  type Page,
  provider,
  startLogin,
  time,
} from '../../support/browser/browser-page.ts';
import { dispatch, limit, pass } from '../../support/browser/idle-page.ts';

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
