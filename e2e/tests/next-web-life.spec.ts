import { createTestSession } from '@countersign/next/testing';
import { expect, test } from '@playwright/test';
import { signInAt } from '../support/sign-in.ts';
import { type AtTestProvider, startAtTestProvider } from '../support/test-provider.ts';

// How long a session lives in the production build: a day without use, prolonged by use; a week at the latest.

let running: AtTestProvider;

test.beforeAll(async () => {
  running = await startAtTestProvider();
});
test.afterAll(() => running?.stop());

const day = 86_400;

/** A session that began so long ago, and was not used since. */
async function sessionOfAge(seconds: number, options: { readonly absoluteLifetime?: number } = {}) {
  const began = Date.now() - seconds * 1000;
  const settings = { ...signInAt(running).options(began), ...options };
  return (await createTestSession(settings, { user: { sub: 'alice' }, accessTokenLifetime: 30 * day })).header;
}

test('a session that is used lives on, and its cookie of before ends when it would have', async () => {
  const { open, userOf } = signInAt(running);
  const unused = await sessionOfAge(day - 7);
  const { headers, status } = await open().visit('/profile', { cookie: unused });
  expect(status).toBe(200);
  const used = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  expect(used).toMatch(/^session=./);
  await expect.poll(() => userOf(unused)).toBeUndefined();
  expect(await userOf(used)).toBe('alice');
});

test('however much it is used, a session ends at the latest when its login is old enough', async () => {
  const { open, userOf } = signInAt(running);
  const began = day / 2;
  const old = await sessionOfAge(began, { absoluteLifetime: began + 7 });
  const { headers } = await open().visit('/profile', { cookie: old });
  const used = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  expect(await userOf(used)).toBe('alice');
  await expect.poll(() => userOf(used)).toBeUndefined();
  expect((await open().visit('/profile', { cookie: used })).status).toBe(307);
});
