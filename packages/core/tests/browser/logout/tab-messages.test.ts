// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { expect, test, vi } from 'vitest';
import { createMemoryStorage } from '../../../src/browser/state/token-storage.ts';
import {
  advanceClock,
  createPage,
  openSignedInPage,
  origin,
  type Page,
  provider,
  startLogin,
} from '../../support/browser/browser-page.ts';
import { createFrameDocument } from '../../support/browser/silent-frame.ts';

const silentRedirectUri = `${origin}/silent.html`;
const wait = () => new Promise((resolve) => setTimeout(resolve, 50));

/** Completes a login of a page. Another tab acts before the page receives its tokens. */
async function logInDuring(page: Page, act: () => Promise<unknown>) {
  const callback = provider.approve(await startLogin(page));
  provider.intercept = async () => {
    provider.intercept = undefined;
    const channel = new BroadcastChannel(`countersign ${provider.issuer} spa `);
    const received = new Promise<void>((resolve) => {
      channel.onmessage = () => resolve();
    });
    await act();
    await received;
    channel.close();
    await wait();
    return undefined;
  };
  return page.auth.handleCallback(callback);
}

/** Counts the hidden frames of silent logins, which never load. */
function countFrames() {
  const frames: unknown[] = [];
  vi.stubGlobal('document', {
    createElement: () => ({ addEventListener: () => {}, remove: () => {} }),
    body: { append: (frame: unknown) => frames.push(frame) },
  });
  return () => frames.length;
}

test('B25: a logout in another tab with the same storage ends a pending login', async () => {
  const storage = { ...createMemoryStorage(), reach: 'shared' as const };
  const [page, other] = [createPage({ storage }), createPage({ storage })];
  await Promise.all([page.auth.start(), other.auth.start()]);
  await expect(logInDuring(page, () => other.auth.logout({ localOnly: true }))).rejects.toMatchObject({
    code: 'session_ended',
  });
  expect(page.auth.snapshot().status).not.toBe('signed-in');
});

test('a login in another tab does not end a pending login', async () => {
  const page = createPage();
  await page.auth.start();
  await logInDuring(page, () => openSignedInPage());
  expect(page.auth.snapshot().status).toBe('signed-in');
});

test('B22: a silent login that began before a login in another tab does not serve later calls', async () => {
  const count = countFrames();
  const page = createPage({ silentRedirectUri });
  void page.auth.start();
  await vi.waitFor(() => expect(count()).toBe(1));
  await openSignedInPage();
  await vi.waitFor(() => expect(count()).toBe(2));
});

test('B22: a login of another user in another tab starts no silent login during a login of this tab', async () => {
  const count = countFrames();
  const page = createPage({ silentRedirectUri });
  await page.auth.handleCallback(provider.approve(await startLogin(page)));
  void page.auth.start();
  await wait();
  const before = count();
  const login = logInDuring(page, async () => {
    provider.claims = (claims) => ({ ...claims, sub: 'bob' });
    await openSignedInPage();
  });
  await expect(login).rejects.toMatchObject({ code: 'session_ended' });
  expect(count()).toBe(before);
});

test('S19: a silent login of another user is shown by the other tabs with the same storage', async () => {
  const storage = { ...createMemoryStorage(), reach: 'shared' as const };
  const other = await openSignedInPage({ storage });
  // The other tab has received no message of the logout: its page was left before it was sent.
  storage.remove(`countersign ${provider.issuer} spa tokens`);
  provider.claims = (claims) => ({ ...claims, sub: 'bob' });
  vi.stubGlobal(
    'document',
    createFrameDocument((url) => provider.approve(url)),
  );
  const page = createPage({ storage, silentRedirectUri });
  await page.auth.start();
  expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'bob' } });
  await vi.waitFor(() => expect(other.auth.snapshot()).toMatchObject({ claims: { sub: 'bob' } }));
});

test('a later login of another tab continues after a failed read of the storage and a logout in this tab', async () => {
  provider.body = (body) => ({ ...body, refresh_token: undefined });
  vi.stubGlobal(
    'document',
    createFrameDocument((url) => provider.approve(url)),
  );
  const memory = createMemoryStorage();
  let isBroken = false;
  const storage = {
    ...memory,
    reach: 'shared' as const,
    get(key: string) {
      if (isBroken) throw new Error('broken');
      return memory.get(key);
    },
  };
  const { auth } = await openSignedInPage({ storage, silentRedirectUri });
  await auth.logout({ localOnly: true });
  advanceClock(1);
  isBroken = true;
  const other = await openSignedInPage({ storage: { ...memory, reach: 'shared' } });
  await vi.waitFor(() => expect(auth.snapshot().status).toBe('error'));
  isBroken = false;
  advanceClock(61);
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
  await auth.start();
  vi.mocked(performance.now).mockRestore();
  expect(auth.snapshot()).toMatchObject({
    status: 'signed-in',
    claims: { sub: other.auth.snapshot().claims?.sub },
  });
});

test('a login on the callback page signs in a tab in which the user has logged out', async () => {
  const count = countFrames();
  const other = await openSignedInPage({ silentRedirectUri });
  await other.auth.logout({ localOnly: true });
  advanceClock(1);
  const page = createPage();
  const { auth } = page;
  location.href = provider.approve(await startLogin(page));
  await auth.start();
  expect(auth.snapshot().status).toBe('signed-in');
  await vi.waitFor(() => expect(count()).toBe(1));
});

test('B25: a login that another tab begins directly after a logout is shown in the tab of the logout', async () => {
  let time = 1_000;
  const storage = { ...createMemoryStorage(), reach: 'shared' as const };
  const page = createPage({ storage, now: () => time++ });
  await page.auth.start();
  const channel = new BroadcastChannel(`countersign ${provider.issuer} spa `);
  const logout = new Promise<number>((resolve) => {
    channel.onmessage = ({ data }) => data.type === 'logout' && resolve(data.time);
  });
  await page.auth.logout({ localOnly: true });
  const startedAt = (await logout) + 1;
  const claims = { iss: provider.issuer, sub: 'bob' };
  const tokens = { accessTokens: [], scopes: [], updatedAt: 0, refreshToken: 'bob-1', login: 'bob-login' };
  storage.set(`countersign ${provider.issuer} spa tokens`, {
    ...tokens,
    claims,
    loginStartedAt: startedAt,
  } as never);
  channel.postMessage({ type: 'login', sub: 'bob', startedAt });
  await vi.waitFor(() =>
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'bob' } }),
  );
  channel.close();
});
