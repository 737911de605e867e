import { expect, test } from 'vitest';
import { type AuthEvent, createClient, type EventListener } from '../../../../index.ts';
import { transactionLifetime } from '../../../../protocol/login/authorization-transaction.ts';
import type { SessionContext } from '../../../context.ts';
import { createSealer } from '../../../cookies/cookie-encryption.ts';
import { createCookieJar, createLoginJar } from '../../../cookies/cookies.ts';
import { createMemoryReplayStore } from '../../../index.ts';
import { findLogin, saveLogin } from './login-transactions.ts';
import type { LoginTransaction } from './pending-login.ts';

const startOfState = 'a'.repeat(16);
const prefix = '__Host-session.login.';

function createContext(responseMode?: 'form_post', onEvent?: EventListener) {
  let time = 1_000_000;
  const client = createClient({
    issuer: 'https://id.example',
    clientId: 'web',
    ...(responseMode && { responseMode }),
    ...(onEvent && { onEvent }),
  });
  const context = {
    client,
    jar: createCookieJar(new URL('https://app.example'), {}),
    loginJar: createLoginJar(new URL('https://app.example'), {}),
    loginSealer: createSealer(['a secret for tests with more than 32 characters'], 'login'),
    replay: createMemoryReplayStore(),
    now: () => time,
  } as unknown as SessionContext;
  const advance = (seconds: number) => {
    time += seconds * 1_000;
  };
  return { context, advance };
}

const createLogin = (state: string, createdAt = 1): LoginTransaction =>
  ({ transaction: { state, createdAt }, returnTo: '/' }) as unknown as LoginTransaction;

/** Saves logins one after the other, and returns the cookies of the browser. */
async function save(context: SessionContext, ...logins: readonly Omit<LoginTransaction, 'identifier'>[]) {
  const cookies = new Map<string, string>();
  for (const login of logins)
    for (const { name, value, maxAge } of await saveLogin(context, login, cookies)) {
      if (maxAge === 0) cookies.delete(name);
      else cookies.set(name, value);
    }
  return cookies;
}

test('finds the login of a state, and deletes its cookie', async () => {
  const { context } = createContext();
  const login = createLogin(`${startOfState}1`);
  const cookies = await save(context, login);
  const found = await findLogin(context, `${startOfState}1`, cookies);
  expect(found.login).toMatchObject(login);
  expect(found.deleteCookies).toMatchObject([{ name: prefix + startOfState, value: '', maxAge: 0 }]);
});

test('S10: finds no login for a state with the same beginning', async () => {
  const { context } = createContext();
  const cookies = await save(context, createLogin(`${startOfState}1`));
  const found = await findLogin(context, `${startOfState}2`, cookies);
  expect(found.login).toBeUndefined();
  expect(found.deleteCookies).toHaveLength(1);
});

test.each(['', 'a', 'a'.repeat(15), `${startOfState};`, `${startOfState}\u0000`, `${startOfState}%`])(
  'S32: neither reads nor deletes a cookie for the malformed state %j',
  async (state) => {
    const { context } = createContext();
    const cookies = new Map([[prefix + state.slice(0, 16), 'x']]);
    expect(await findLogin(context, state, cookies)).toEqual({ deleteCookies: [] });
  },
);

test('S3: finds no login after a day', async () => {
  const { context, advance } = createContext();
  const cookies = await save(context, createLogin(startOfState));
  advance(86_399);
  expect((await findLogin(context, startOfState, cookies)).login).toBeDefined();
  advance(1);
  expect((await findLogin(context, startOfState, cookies)).login).toBeUndefined();
});

test.each([
  ['no object', [1]],
  ['no transaction', { returnTo: '/' }],
  ['a transaction that is not an object', { transaction: startOfState, returnTo: '/' }],
  ['no returnTo', { transaction: { state: startOfState } }],
  ['a returnTo that is not a string', { transaction: { state: startOfState }, returnTo: ['/'] }],
])('S12: rejects an encrypted value with %s as a login', async (_, payload) => {
  const { context } = createContext();
  const times = { issuedAt: 1_000, expiresAt: 2_000 };
  const value = await context.loginSealer.encrypt(payload as unknown as Record<string, unknown>, times);
  const found = await findLogin(context, startOfState, new Map([[prefix + startOfState, value]]));
  expect(found.login).toBeUndefined();
});

/** Bytes of cookies as a browser sends them. */
const countBytes = (cookies: ReadonlyMap<string, string | undefined>) =>
  [...cookies].reduce((bytes, [name, value]) => bytes + `${name}=${value}; `.length, 0);

test('S14: retains the newest logins in 6,000 bytes of cookies', async () => {
  const { context } = createContext();
  // Saved in the opposite order of their creation.
  const logins = Array.from({ length: 30 }, (_, index) =>
    createLogin(`${index}`.padStart(16, 'x'), 100 - index),
  );
  const cookies = await save(context, ...logins);
  const bytes = countBytes(cookies);
  expect(bytes).toBeLessThanOrEqual(6_000);
  const kept = [...cookies.keys()].map((name) => Number(/\d+$/.exec(name)?.[0]));
  // The last one that was saved is always retained, beside the newest.
  expect(kept).toEqual([...kept.keys()].map((index) => (index === kept.length - 1 ? 29 : index)));
  expect(bytes + bytes / kept.length).toBeGreaterThan(6_000);
});

test('S14: retains the logins of six restored tabs', async () => {
  const { context } = createContext();
  const states = ['b', 'c', 'd', 'e', 'f', 'g'].map((letter) => letter.repeat(43));
  const login = (state: string) =>
    ({
      transaction: {
        issuer: 'https://tenant.login.example/oauth2/default',
        clientId: 'a-client-id-of-32-characters-xxx',
        redirectUri: 'https://app.example/auth/callback',
        state,
        nonce: 'n'.repeat(43),
        codeVerifier: 'v'.repeat(43),
        scope: 'openid profile email offline_access',
        createdAt: 1_700_000_000,
      },
      returnTo: '/orders/2024?tab=open',
    }) satisfies Omit<LoginTransaction, 'identifier'>;
  const cookies = await save(context, ...states.map(login));
  for (const state of states)
    expect((await findLogin(context, state, cookies)).login).toMatchObject(login(state));
});

test('S14: retains fewer logins beside a large session, and keeps the session', async () => {
  const { context } = createContext();
  const session = new Map([
    ['__Host-session', 's'.repeat(3_900)],
    ['__Host-session.1', 's'.repeat(2_000)],
  ]);
  const cookies = new Map<string, string>(session);
  for (const letter of ['b', 'c', 'd', 'e', 'f', 'g', 'h']) {
    for (const { name, value, maxAge } of await saveLogin(context, createLogin(letter.repeat(16)), cookies)) {
      if (maxAge === 0) cookies.delete(name);
      else cookies.set(name, value);
    }
    expect(countBytes(cookies)).toBeLessThanOrEqual(8_000);
  }
  for (const [name, value] of session) expect(cookies.get(name)).toBe(value);
  expect((await findLogin(context, 'h'.repeat(16), cookies)).login).toBeDefined();
});

test('stores a returnTo of 3,500 characters in two cookies, and deletes both', async () => {
  const { context } = createContext();
  const login = { ...createLogin(startOfState), returnTo: `/${'x'.repeat(3_499)}` };
  const cookies = await save(context, login);
  expect([...cookies.keys()]).toEqual([prefix + startOfState, `${prefix}${startOfState}.1`]);
  const found = await findLogin(context, startOfState, cookies);
  expect(found.login).toMatchObject(login);
  expect(found.deleteCookies.map(({ name }) => name)).toEqual([...cookies.keys()]);
});

test('replaces a returnTo that does not fit beside the session, and reports it', async () => {
  const events: AuthEvent[] = [];
  const { context } = createContext(undefined, (event) => events.push(event));
  const session = new Map([
    ['__Host-session', 's'.repeat(3_900)],
    ['__Host-session.1', 's'.repeat(2_500)],
  ]);
  const login = { ...createLogin(startOfState), returnTo: `/${'x'.repeat(3_000)}` };
  const cookies = await saveLogin(context, login, session, { fallback: '/home' });
  const saved = new Map(cookies.map(({ name, value }) => [name, value]));
  expect((await findLogin(context, startOfState, saved)).login?.returnTo).toBe('/home');
  expect(events).toEqual([{ type: 'return_to.rejected', reason: 'too_long', length: 3_001 }]);
});

test('starts a login beside a session cookie of any size', async () => {
  const { context } = createContext();
  const session = new Map([['__Host-session', 's'.repeat(9_000)]]);
  const cookies = await saveLogin(context, createLogin(startOfState), session);
  expect(cookies.map(({ name, maxAge }) => [name, maxAge])).toEqual([[prefix + startOfState, 3_600]]);
});

test('S32: neither reads nor deletes a login cookie that cannot be decrypted', async () => {
  const { context } = createContext();
  const other = createContext().context;
  Object.assign(other, {
    loginSealer: createSealer(['a secret of another application, with 32 characters'], 'login'),
  });
  const foreign = await save(other, createLogin('z'.repeat(16)));
  const malformed = ['short', 'z'.repeat(17), ';'.repeat(16), 'y'.repeat(16)].map((end) => prefix + end);
  const existing = new Map([...foreign, ...malformed.map((name) => [name, 'x'] as const), ['other', 'x']]);
  // So many logins that the oldest ones are dropped.
  let cookies = existing;
  for (let index = 0; index < 12; index++) {
    const login = createLogin(`${index}`.padStart(16, 'w'), 2 + index);
    for (const { name, value, maxAge } of await saveLogin(context, login, cookies)) {
      expect(existing.has(name), name).toBe(false);
      if (maxAge === 0) cookies.delete(name);
      else cookies = new Map([...cookies, [name, value]]);
    }
  }
  expect(await findLogin(context, 'z'.repeat(16), existing)).toEqual({ deleteCookies: [] });
  expect((await findLogin(other, 'z'.repeat(16), cookies)).login).toBeDefined();
});

test('sets the lifetime of the transaction for a login cookie', async () => {
  const { context } = createContext();
  const cookies = await saveLogin(context, createLogin(startOfState), new Map());
  expect(cookies.map(({ maxAge }) => maxAge)).toEqual([transactionLifetime]);
});

test('derives the name of the login cookie from the name of the session cookie', async () => {
  const { context } = createContext();
  Object.assign(context, { loginJar: createLoginJar(new URL('https://app.example'), { name: 'shop' }) });
  const cookies = await saveLogin(context, createLogin(startOfState), new Map());
  expect(cookies.map(({ name }) => name)).toEqual([`__Host-shop.login.${startOfState}`]);
});

test('allows login cookies in cross-site requests for form_post and embedded applications', async () => {
  for (const [responseMode, settings, expected] of [
    [undefined, {}, { sameSite: 'lax' }],
    [undefined, { sameSite: 'strict' }, { sameSite: 'lax' }],
    [undefined, { sameSite: 'none' }, { sameSite: 'none' }],
    [undefined, { sameSite: 'none', partitioned: true }, { sameSite: 'none', partitioned: true }],
    ['form_post', {}, { sameSite: 'none' }],
    ['form_post', { sameSite: 'strict' }, { sameSite: 'none' }],
  ] as const) {
    for (const url of ['https://app.example', 'http://localhost:3000']) {
      const { context } = createContext(responseMode);
      Object.assign(context, { loginJar: createLoginJar(new URL(url), settings) });
      const secure = url.startsWith('https') || expected.sameSite === 'none';
      expect(await saveLogin(context, createLogin(startOfState), new Map())).toMatchObject([
        { httpOnly: true, secure, ...expected },
      ]);
    }
  }
});
