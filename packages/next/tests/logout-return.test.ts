import type { AuthEvent } from '@countersign/core';
import { NextRequest } from 'next/server.js';
import { expect, test } from 'vitest';
import { createAuth } from '../src/create-auth.ts';
import { baseUrl, setUp } from './support/app.ts';

const state = 's'.repeat(43);
const i18n = { locales: ['en', 'de'], defaultLocale: 'en' };

/** The provider redirects the user to a path after a logout. */
async function returnFromLogout(
  path: string,
  nextConfig: NonNullable<ConstructorParameters<typeof NextRequest>[1]>['nextConfig'],
  registeredPath?: string,
) {
  const events: AuthEvent[] = [];
  const { options } = await setUp({
    baseUrl: baseUrl + (nextConfig?.basePath ?? ''),
    ...(registeredPath !== undefined && { postLogoutRedirectUris: [baseUrl + registeredPath] }),
    onEvent: (event) => events.push(event),
  });
  const request = new NextRequest(`${baseUrl}${path}?state=${state}&tab=1`, {
    headers: { cookie: `__Host-session.logout=${state}` },
    ...(nextConfig && { nextConfig }),
  });
  const response = await createAuth(options).proxy(request);
  return { response, types: events.map(({ type }) => type) };
}

test.each([
  ['the default page with a base path', '/shop', { basePath: '/shop' }, undefined],
  [
    'the default page with a base path and slashes',
    '/shop/',
    { basePath: '/shop', trailingSlash: true },
    undefined,
  ],
  ['a page with slashes', '/bye/', { trailingSlash: true }, '/bye'],
  ['a page without slashes', '/bye', {}, '/bye/'],
  ['the same page', '/bye', {}, '/bye'],
  ['the default page in another language', '/de', { i18n }, undefined],
  ['a page in another language', '/de/bye', { i18n }, '/bye'],
  ['a registered page with its language', '/de/bye', { i18n }, '/de/bye'],
  ['a page in another language with a base path', '/shop/de/bye', { basePath: '/shop', i18n }, '/shop/bye'],
])('the proxy finishes a logout at %s', async (_, path, nextConfig, registeredPath) => {
  const { response, types } = await returnFromLogout(path, nextConfig, registeredPath);
  expect(types).toEqual(['logout.returned']);
  expect([response.status, response.headers.get('location')]).toEqual([303, `${baseUrl}${path}?tab=1`]);
  expect(response.headers.getSetCookie()[0]).toMatch(/^__Host-session\.logout=; Max-Age=0/);
});

test.each([
  ['/other', {}, '/bye'],
  ['/fr/bye', { i18n }, '/bye'],
  ['/de/other', { i18n }, '/bye'],
])(
  'the proxy finishes no logout at the page %s, which is not registered',
  async (path, nextConfig, registeredPath) => {
    const { types } = await returnFromLogout(path, nextConfig, registeredPath);
    expect(types).toEqual([]);
  },
);
