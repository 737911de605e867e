import { createTestSession } from '@countersign/next/testing';
import type { TestAuthorizationServer } from '@countersign/testing';
import { expect, test } from '@playwright/test';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { createHttpLogins } from '../../../support/http-logins.ts';
import type { RunningNextWeb } from '../../../support/servers/apps/next-web.ts';
import { startAtTestProvider } from '../../../support/servers/test-provider.ts';

// Known attacks on cookies, against the production build: cookies of another purpose, chunks of several sessions, too many
// cookies, and cookies that an attacker has set.

const publicHost = 'app.example';
let op: TestAuthorizationServer;
let app: RunningNextWeb;
let { open, startLogin, logIn, readUser, options } = {} as ReturnType<typeof createHttpLogins>;
let advance = (_seconds: number): void => {};
let stop = async (): Promise<void> => {};

test.beforeAll(async () => {
  const port = await findFreePort();
  const started = await startAtTestProvider({
    port,
    server: { users: [{ sub: 'alice' }, { sub: 'bob' }, { sub: 'mallory' }] },
    environment: {
      AUTH_BASE_URL: `http://localhost:${port} https://${publicHost}`,
      // Not signed in.
      API_URL: `http://localhost:${await findFreePort()}`,
    },
  });
  ({ op, app, advance, stop } = started);
  ({ open, startLogin, logIn, readUser, options } = createHttpLogins(started));
});
test.afterAll(() => stop());
test.beforeEach(() => op.signIn('alice'));

test('S12: rejects a transaction cookie as a session, and a session cookie as a transaction', async () => {
  const { browser, authorize } = await startLogin();
  const [name = '', value = ''] = browser.cookies().split('; ', 1)[0]?.split('=') ?? [];
  const login = value.slice(value.lastIndexOf('~') + 1);
  const session = (await logIn()).cookies().replace(/^session=/, '');
  const generation = session.slice(0, session.lastIndexOf('~') + 1);
  const sealed = session.slice(generation.length);
  expect(await readUser(`session=${session}`)).toBe('alice');
  expect(await readUser(`session=${generation}${login}`)).toBeUndefined();
  const url = await authorize();
  const forged = await open().visit(url, { cookie: `${name}=${generation}${sealed}` });
  expect(forged.html).toContain('transaction_invalid');

  // A value names its purpose, and each purpose has a separate key.
  const [ofLogin, ofSession] = [decodeHeader(login), decodeHeader(sealed)];
  expect([ofLogin.purpose, ofSession.purpose]).toEqual(['login', 'session']);
  expect(ofLogin.kid).not.toBe(ofSession.kid);
  for (const header of [
    login.split('.')[0],
    encode({ ...ofSession, purpose: 'login' }),
    encode({ ...ofSession, more: true }),
  ])
    expect(await readUser(`session=${generation}${[header, ...sealed.split('.').slice(1)].join('.')}`)).toBe(
      undefined,
    );
});

const decodeHeader = (jwe: string) =>
  JSON.parse(Buffer.from(jwe.split('.')[0] ?? '', 'base64url').toString());
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('S14: limits the size of pending logins, and the newest one still completes', async () => {
  for (const returnTo of ['/profile', `/profile?${'x'.repeat(1_500)}`]) {
    const browser = open();
    let newest = await startLogin('/auth/login', browser);
    for (let count = 0; count < 9; count++) {
      newest = await startLogin(`/auth/login?${new URLSearchParams({ returnTo })}`, browser);
      expect(browser.cookies().length).toBeLessThan(6_500);
    }
    expect(browser.cookies()).toContain('; ');
    const { status, location } = await browser.visit(await newest.authorize());
    expect(status).toBe(303);
    expect(location?.href).toBe(app.origin + returnTo);
  }
});

test('S14: discards the oldest of too many pending logins', async () => {
  const browser = open();
  await startLogin('/auth/login', browser);
  const [oldest = ''] = browser.cookies().split('; ');
  advance(1);
  await startLogin('/auth/login', browser);
  expect(browser.cookies()).toContain(oldest);
  for (let count = 0; count < 12; count++) await startLogin('/auth/login', browser);
  expect(browser.cookies()).not.toContain(oldest);
  expect(browser.cookies().length).toBeLessThan(6_500);
});

test('S16: rejects chunks of two sessions', async () => {
  const large = async () => {
    const bio = Buffer.from(crypto.getRandomValues(new Uint8Array(1_600))).toString('hex');
    const { header } = await createTestSession(options(), { user: { sub: 'alice', bio } });
    return header.split('; ');
  };
  const [first, second] = [await large(), await large()];
  const [start = '', ...rest] = first;
  expect(rest.length).toBeGreaterThan(0);
  const join = (...cookies: string[]) => readUser(cookies.join('; '));
  expect(await join(...first)).toBe('alice');
  expect(await join(...second)).toBe('alice');
  expect(await join(start, ...second.slice(1))).toBeUndefined();
  expect(await join(...rest)).toBeUndefined();
  expect(await join(start)).toBeUndefined();
  // All chunks must have the same generation and the same count.
  const renamed = (cookie: string) => cookie.replace(/=[\w-]{8}~/, '=AAAAAAAA~');
  const withWrongCount = (cookie: string) => cookie.replace(/~\d~/, `~${first.length + 1}~`);
  for (const change of [renamed, withWrongCount]) {
    expect(await join(start, ...rest.map(change)), change.name).toBeUndefined();
    expect(await join(change(start), ...rest), change.name).toBeUndefined();
  }
  // The sealed value contains the generation too.
  expect(await join(...first.map(renamed))).toBeUndefined();
});

test('S20: rejects a session cookie that is sent twice; over https its name has the __Host- prefix', async () => {
  const userCookies = (await logIn('bob')).cookies();
  const attackerCookies = (await logIn('mallory')).cookies();
  const handler = async (cookie: string) => (await open().visit('/api/summary', { cookie })).status;
  expect(await handler(userCookies)).toBe(200);
  for (const cookie of [`${userCookies}; ${attackerCookies}`, `${attackerCookies}; ${userCookies}`]) {
    expect(await readUser(cookie)).toBeUndefined();
    // Next's list of cookies contains only one of the two.
    expect(await handler(cookie)).toBe(401);
  }
  const { headers } = await open(publicHost).visit('/auth/login');
  for (const line of headers['set-cookie'] ?? []) {
    expect(line).toMatch(/^__Host-/);
    expect(line).toMatch(/; Secure/);
    expect(line).toMatch(/; HttpOnly/);
    expect(line).not.toMatch(/; Domain/i);
  }
  // The pending login, and the marker that this browser has started one.
  expect(headers['set-cookie']).toHaveLength(2);
  // Over https, the name for plain http is ignored.
  const response = await open(publicHost).visit('/auth/session', { cookie: userCookies });
  expect(JSON.parse(response.html)).toEqual({ session: null });
});
