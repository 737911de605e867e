// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test, vi } from 'vitest';
import {
  countCookieBytes,
  getToken,
  openWithPadding,
  takeCookies,
} from '../../../tests/support/cookie-budget.ts';

// One budget applies to all cookies of an application: the session, its chunks and pending logins.

const api = (number: number) => `https://api-${number}.example.test`;

test('keeps tokens for many APIs below 8 KB, and returns each token', async () => {
  const { app, browser, countRequests } = await openWithPadding({ length: 600 });
  await browser.logIn();
  for (let number = 0; number < 12; number++) {
    const before = countRequests();
    expect((await getToken(app, browser, api(number))).resource).toBe(api(number));
    expect(countRequests()).toBe(before + 1);
    expect(countCookieBytes(browser)).toBeLessThanOrEqual(6_500);
    // The token of the latest API is in the cookie.
    await getToken(app, browser, api(number));
    expect(countRequests()).toBe(before + 1);
  }
  expect((await app.sessions.open(browser.header())).session?.user.sub).toBe('alice');
});

test('removes the least recently used access token from the cookie first', async () => {
  const { app, browser, countRequests } = await openWithPadding({ length: 600 });
  await browser.logIn();
  const stored: number[] = [];
  for (let number = 0; number < 8; number++) {
    await getToken(app, browser, api(number));
    stored.push(number);
    // The first API is used by every page.
    const before = countRequests();
    await getToken(app, browser, api(0));
    expect(countRequests(), `after API ${number}`).toBe(before);
  }
  const before = countRequests();
  await getToken(app, browser, api(7));
  expect(countRequests()).toBe(before);
  await getToken(app, browser, api(1));
  expect(countRequests()).toBe(before + 1);
});

test('returns an access token that does not fit and keeps its refresh token, and the next call sends no request', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  const padding = { length: 0 };
  const { app, browser, countRequests } = await openWithPadding(padding);
  await browser.logIn();
  padding.length = 6_000;
  const token = await getToken(app, browser, api(1));
  expect(token.accessToken.length).toBeGreaterThan(6_000);
  expect(app.events).toContainEqual({ type: 'session.token_omitted', resource: api(1) });
  expect(countCookieBytes(browser)).toBeLessThanOrEqual(6_500);
  const before = countRequests();
  await expect(getToken(app, browser, api(1))).rejects.toMatchObject({
    name: 'ConfigurationError',
    code: 'cookies_too_large',
    message: expect.stringContaining('set the option "store"'),
  });
  expect(countRequests()).toBe(before);
  // The session has its refresh token: another API is served.
  padding.length = 0;
  await getToken(app, browser, api(2));
  expect(countRequests()).toBe(before + 1);
  expect((await app.sessions.open(browser.header())).session?.user.sub).toBe('alice');
});

test('signs the user in although the access token does not fit', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  const { app, browser, countRequests } = await openWithPadding({ length: 7_000 });
  expect((await browser.logIn()).status).toBe(303);
  expect((await app.sessions.open(browser.header())).session?.user.sub).toBe('alice');
  const before = countRequests();
  await expect(getToken(app, browser)).rejects.toMatchObject({ code: 'cookies_too_large' });
  expect(countRequests()).toBe(before);
});

test('rejects data that does not fit with a typed error, and keeps the session', async () => {
  const { app, browser } = await openWithPadding({ length: 600 });
  await browser.logIn();
  const before = browser.header();
  const requestSession = await app.sessions.open(before);
  await expect(requestSession.update(() => ({ text: 'x'.repeat(7_000) }))).rejects.toMatchObject({
    code: 'cookies_too_large',
  });
  expect(requestSession.cookies).toEqual([]);
  expect(requestSession.session?.data).toEqual({});
  await requestSession.update(() => ({ text: 'x'.repeat(1_500) }));
  takeCookies(browser, requestSession.cookies);
  expect((await app.sessions.open(browser.header())).session?.data.text).toHaveLength(1_500);
});

test('keeps pending logins and the session together below 8 KB', async () => {
  const { app, browser } = await openWithPadding({ length: 600 });
  for (let count = 0; count < 9; count++) {
    await browser.visit(`/auth/login?returnTo=/${'x'.repeat(300)}`);
    app.server.clock.advance(1);
  }
  expect(countCookieBytes(browser)).toBeLessThanOrEqual(6_000);
  await browser.logIn();
  expect(countCookieBytes(browser)).toBeLessThanOrEqual(8_000);
  for (let number = 0; number < 8; number++) {
    await getToken(app, browser, api(number));
    expect(countCookieBytes(browser)).toBeLessThanOrEqual(8_000);
    await browser.visit('/auth/login');
    expect(countCookieBytes(browser)).toBeLessThanOrEqual(8_000);
  }
  const requestSession = await app.sessions.open(browser.header());
  await requestSession.update(() => ({ text: 'x'.repeat(2_000) }));
  takeCookies(browser, requestSession.cookies);
  expect(countCookieBytes(browser)).toBeLessThanOrEqual(8_000);
  expect((await app.sessions.open(browser.header())).session?.data.text).toHaveLength(2_000);
});

test('keeps the header line of the largest session with its pending logins and markers below 8 KiB', async () => {
  const { app, browser } = await openWithPadding({ length: 0 });
  let largest = 0;
  for (let count = 0; count < 40; count++) {
    // Each login completes, and the next one with a longer page is pending.
    app.server.clock.advance(1);
    await browser.logIn();
    const requestSession = await app.sessions.open(browser.header());
    await requestSession.update(() => ({ text: 'x'.repeat(2_600) }));
    takeCookies(browser, requestSession.cookies);
    for (const tab of [0, 1]) await browser.visit(`/auth/login?returnTo=/${'x'.repeat(10 * count + tab)}`);
    expect([...browser.cookies.keys()].filter((name) => /\.(started|completed)$/.test(name))).toHaveLength(2);
    expect(countCookieBytes(browser)).toBeLessThanOrEqual(8_000);
    largest = Math.max(largest, `Cookie: ${browser.header()}\r\n`.length);
  }
  expect(largest).toBeLessThanOrEqual(8_192 - 180);
  expect(largest).toBeGreaterThan(7_900);
});

test('removes the text of the ID token before the only access token, and keeps its claims', async () => {
  const { app, browser } = await openWithPadding({ length: 3_200 });
  await browser.logIn();
  const requestSession = await app.sessions.open(browser.header());
  expect((await requestSession.getAccessToken()).accessToken.length).toBeGreaterThan(3_200);
  expect(requestSession.session?.user).toMatchObject({ sub: 'alice', iss: app.server.issuer });
  expect(app.events.some(({ type }) => type === 'session.token_omitted')).toBe(false);
});

test('logs the remedy once for each process if a session needs a second cookie', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  const key = Symbol.for('countersign.session.notices');
  Reflect.deleteProperty(globalThis, key);
  const { app, browser } = await openWithPadding({ length: 2_000 });
  await browser.logIn();
  await app.open().logIn();
  const lines = warn.mock.calls.flat().filter((line) => /option "store"/.test(String(line)));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/a session needs 2 cookies with \d+ bytes.*proxy_buffer_size 16k/s);
  const events = app.events.filter(({ type }) => type === 'session.large');
  expect(events).toHaveLength(2);
  expect(events[0]).toMatchObject({ cookies: 2 });
});

test('reports a session in one cookie that exceeds a header buffer of 4 KB', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  Reflect.deleteProperty(globalThis, Symbol.for('countersign.session.notices'));
  const { app, browser } = await openWithPadding({ length: 700 });
  await browser.logIn();
  expect([...browser.cookies.keys()].filter((name) => !name.endsWith('.completed'))).toHaveLength(1);
  expect(app.events).toContainEqual({ type: 'session.large', bytes: expect.any(Number), cookies: 1 });
  expect(String(warn.mock.calls[0])).toContain('proxy_buffer_size 16k');
});
