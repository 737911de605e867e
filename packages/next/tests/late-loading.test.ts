import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js';
import { expect, test, vi } from 'vitest';
import { createTestSession } from '../src/testing/index.ts';
import { runRoute } from './support/run-route.ts';

// No module of this file imports `create-auth.ts`: the handlers load it themselves, in each test for the first time.

const url = 'https://app.example.test/api/item';
const options = {
  issuer: 'https://issuer.example.test',
  clientId: 'web',
  clientSecret: 'web-secret',
  secret: 'a secret of the tests with at least 32 characters',
  baseUrl: 'https://app.example.test',
  environment: {},
};
const loadAuth = async () => (await import('../src/create-auth.ts')).createAuth(options);

const createCookies = async () => (await createTestSession(options, { user: { sub: 'alice' } })).header;

const read = async (response: Response) => [
  await response.json(),
  response.headers.get('cache-control'),
  response.headers.get('vary'),
];
const privateResponse = ['alice', 'private, no-store', 'Cookie'];

/** Removes the observer, as in a process that has not loaded this package. */
function forgetModules(): void {
  vi.resetModules();
  for (const key of ['run', Symbol.for('countersign.next.observed')])
    Reflect.deleteProperty(workUnitAsyncStorage, key);
}

test('a handler that loads the package itself gets no session for a response that a cache could store', async () => {
  forgetModules();
  const cookie = await createCookies();
  const handle = async () => Response.json((await (await loadAuth()).getSession())?.user.sub);
  await expect(runRoute(handle, url, { cookie })).rejects.toMatchObject({ code: 'shared_cache' });
  expect(await read(await runRoute(handle, url, { cookie }))).toEqual(privateResponse);
});

test('entering the same unit of work again does not make a late handler an observed one', async () => {
  forgetModules();
  const cookie = await createCookies();
  const handle = async () => {
    const auth = await loadAuth();
    const unit = workUnitAsyncStorage.getStore();
    return workUnitAsyncStorage.run(unit as never, async () =>
      Response.json((await auth.getSession())?.user.sub),
    );
  };
  await expect(runRoute(handle, url, { cookie })).rejects.toMatchObject({ code: 'shared_cache' });
});

test('a protected handler that the handler itself loads responds privately', async () => {
  forgetModules();
  const cookie = await createCookies();
  const handle = async (request: Request) => {
    const auth = await loadAuth();
    const protectedHandler = auth.protected.handler(async () =>
      Response.json((await auth.getSession())?.user.sub),
    );
    return protectedHandler(request, {});
  };
  expect(await read(await runRoute(handle, url, { cookie }))).toEqual(privateResponse);
});

test('a handler that calls createAuth() itself responds privately from its first request on', async () => {
  forgetModules();
  const { createAuth } = await import('../src/create-auth.ts');
  const cookie = await createCookies();
  const handle = async () => Response.json((await createAuth(options).getSession())?.user.sub);
  expect(await read(await runRoute(handle, url, { cookie }))).toEqual(privateResponse);
});
