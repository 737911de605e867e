import { createMemorySessionStore } from '@countersign/core/session';
import { createReactServerErrorHandler } from 'next/dist/server/app-render/create-error-handler.js';
import { expect, test } from 'vitest';
import { setUpLogin } from '../tests/support/app.ts';
import { runInNext } from '../tests/support/run-in-next.ts';
import type { Auth } from './create-auth.ts';
import { withDigest } from './error-digest.ts';

// A page that no proxy protects fails while the store is unavailable, and `error.tsx` shows why.

const unavailable = () => Promise.reject(new Error('unavailable'));

async function startOutage() {
  const store = createMemorySessionStore();
  const { auth, cookie } = await setUpLogin({ store });
  Object.assign(store, { get: unavailable });
  return { auth, cookie };
}

const calls: Readonly<Record<string, (auth: Auth) => Promise<unknown>>> = {
  'getSession()': ({ getSession }) => getSession(),
  'getAccessToken()': ({ getAccessToken }) => getAccessToken(),
  'fetch()': (auth) => auth.fetch('https://api.example.test/items'),
  'requireSession()': ({ requireSession }) => requireSession(),
  'requireScopes()': ({ requireScopes }) => requireScopes('profile'),
  'protected.page()': (auth) => auth.protected.page(async () => null)({}),
};

test.each(Object.entries(calls))(
  'error.tsx receives the code of the outage as digest from %s',
  async (_, call) => {
    const { auth, cookie } = await startOutage();
    const error = await runInNext({ cookie }, () => call(auth)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: 'TransportError', code: 'store_unavailable' });
    const handle = createReactServerErrorHandler(false, false, new Map(), () => {});
    expect(handle(error)).toBe('store_unavailable');
  },
);

test.each([
  new Error('another error'),
  'text',
  Object.assign(new Error('redirect'), { digest: 'NEXT_REDIRECT' }),
])('does not change other errors', async (error) => {
  const before = (error as { digest?: string }).digest;
  await expect(withDigest(() => Promise.reject(error))).rejects.toBe(error);
  expect((error as { digest?: string }).digest).toBe(before);
});
