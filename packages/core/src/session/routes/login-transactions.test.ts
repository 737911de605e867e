import { expect, test } from 'vitest';
import { createClient } from '../../index.ts';
import type { SessionContext } from '../context.ts';
import { createSealer } from '../cookies/cookie-encryption.ts';
import { createCookieJar } from '../cookies/cookies.ts';
import { findLogin, type LoginTransaction, saveLogin } from './login-transactions.ts';

const startOfState = 'a'.repeat(16);
const prefix = '__Host-login.';

function createContext(responseMode?: 'form_post') {
  let time = 1_000_000;
  const client = createClient({
    issuer: 'https://id.example',
    clientId: 'web',
    ...(responseMode && { responseMode }),
  });
  const context = {
    client,
    jar: createCookieJar(new URL('https://app.example'), {}),
    loginSealer: createSealer(['a secret of the tests, long enough to be one'], 'login'),
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
async function save(context: SessionContext, ...logins: readonly LoginTransaction[]) {
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

test('S10: finds no login for a state that only begins like the stored one', async () => {
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
  ['a transaction that is no object', { transaction: startOfState, returnTo: '/' }],
  ['no returnTo', { transaction: { state: startOfState } }],
  ['a returnTo that is no string', { transaction: { state: startOfState }, returnTo: ['/'] }],
])('S12: an encrypted value with %s is no login', async (_, payload) => {
  const { context } = createContext();
  const times = { issuedAt: 1_000, expiresAt: 2_000 };
  const value = await context.loginSealer.encrypt(payload as unknown as Record<string, unknown>, times);
  const found = await findLogin(context, startOfState, new Map([[prefix + startOfState, value]]));
  expect(found.login).toBeUndefined();
});

test('S14: retains four logins, the newest', async () => {
  const { context } = createContext();
  const states = ['b', 'c', 'd', 'e', 'f', 'g'].map((letter) => letter.repeat(16));
  // Saved in the opposite order of their creation.
  const logins = states.map((state, index) => createLogin(state, 100 - index));
  const cookies = await save(context, ...logins);
  expect([...cookies.keys()].sort()).toEqual(
    [states[0], states[1], states[2], states[5]].map((state) => prefix + state),
  );
});

test('S14: retains 6,000 characters of logins', async () => {
  const { context } = createContext();
  const logins = ['b', 'c', 'd'].map((letter, index) => ({
    ...createLogin(letter.repeat(16), index + 1),
    returnTo: `/${'x'.repeat(1_800)}`,
  }));
  const cookies = await save(context, ...logins);
  expect([...cookies.keys()]).toEqual([prefix + 'c'.repeat(16), prefix + 'd'.repeat(16)]);
});

test('S32: deletes a login cookie that cannot be decrypted, and no cookie with another form of name', async () => {
  const { context } = createContext();
  const unreadable = prefix + 'z'.repeat(16);
  const others = [`${prefix}short`, `${prefix}${'z'.repeat(17)}`, `${prefix}${';'.repeat(16)}`, 'other'];
  const existing = new Map([unreadable, ...others].map((name) => [name, 'x']));
  const cookies = await saveLogin(context, createLogin(startOfState), existing);
  expect(cookies.map(({ name, maxAge }) => [name, maxAge])).toEqual([
    [unreadable, 0],
    [prefix + startOfState, 86_400],
  ]);
});

test('sends a login cookie with a request from another site only for form_post', async () => {
  for (const [responseMode, sameSite] of [
    [undefined, 'lax'],
    ['form_post', 'none'],
  ] as const) {
    const { context } = createContext(responseMode);
    expect(await saveLogin(context, createLogin(startOfState), new Map())).toMatchObject([
      { httpOnly: true, secure: true, sameSite },
    ]);
  }
});
