import { Location } from '@angular/common';
import {
  APP_INITIALIZER,
  createEnvironmentInjector,
  type EnvironmentInjector,
  type EnvironmentProviders,
  Injector,
  PLATFORM_ID,
  runInInjectionContext,
} from '@angular/core';
import { Router } from '@angular/router';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AuthConfig } from './config/auth-config.ts';
import {
  withClientName,
  withDPoP,
  withEvents,
  withRefreshTokens,
  withSilentLogin,
  withStorage,
} from './config/auth-features.ts';
import { AUTH_CLIENTS, injectAuth } from './inject-auth.ts';
import { provideAuth } from './provide-auth.ts';

const config: AuthConfig = {
  issuer: 'https://login.example',
  clientId: 'spa',
  fetch: async () => new Response(null, { status: 503 }),
  apis: [{ url: 'https://api.example.com' }],
};

beforeEach(() => {
  vi.stubGlobal('document', { baseURI: 'https://app.example/shop/' });
  vi.stubGlobal('window', { name: '' });
  vi.stubGlobal('location', new URL('https://app.example/shop/items'));
  // The document of these tests replaces `Event`, and with it Node cannot deliver a message.
  vi.stubGlobal('BroadcastChannel', undefined);
});
afterEach(() => void vi.unstubAllGlobals());

/** Starts an application with these providers, as far as its initializers. */
async function start(...providers: EnvironmentProviders[]) {
  const navigations: unknown[] = [];
  const injector = createEnvironmentInjector(
    [
      { provide: PLATFORM_ID, useValue: 'browser' },
      { provide: Router, useValue: { navigateByUrl: (...to: unknown[]) => navigations.push(to) } },
      { provide: Location, useValue: { normalize: (path: string) => path } },
      ...providers,
    ],
    Injector.NULL as EnvironmentInjector,
  );
  const initializers = injector.get(APP_INITIALIZER) as (() => unknown)[];
  await Promise.all(initializers.map((initialize) => runInInjectionContext(injector, initialize)));
  return {
    injector,
    auth: (name?: string) => runInInjectionContext(injector, () => injectAuth(name)),
    navigations,
  };
}

test('features complete the configuration', () => {
  const storage = { reach: 'memory' as const, get: () => undefined, set: () => {}, remove: () => {} };
  const listener = () => {};
  const features = [
    withRefreshTokens({ leeway: 5 }),
    withSilentLogin(),
    withStorage(storage),
    withDPoP(),
    withEvents(listener),
  ];
  const complete = features.reduce((current, feature) => feature.configure?.(current) ?? current, config);
  expect(complete).toMatchObject({
    scope: 'openid offline_access',
    leeway: 5,
    silentRedirectUri: 'https://app.example/shop/silent-callback.html',
    storage,
    onEvent: listener,
  });
  expect(complete.dpop).toBeTypeOf('function');
  expect(withRefreshTokens().configure?.({ ...config, scope: 'openid offline_access' }).scope).toBe(
    'openid offline_access',
  );
});

test('a configuration at hand is used at once', async () => {
  const { auth } = await start(provideAuth(config));
  await auth().ready();
  expect(auth().status()).toBe('signed-out');
});

test('a configuration that must be fetched is waited for, and until then no request is covered', async () => {
  let arrive: (config: AuthConfig) => void = () => {};
  const starting = start(
    provideAuth(
      () =>
        new Promise((resolve) => {
          arrive = resolve;
        }),
    ),
  );
  const waited = await Promise.race([starting, new Promise((resolve) => setTimeout(resolve, 20, 'waiting'))]);
  expect(waited).toBe('waiting');
  arrive(config);
  const { injector } = await starting;
  expect(injector.get(AUTH_CLIENTS)[0]?.apis()).toHaveLength(1);
});

test('a configuration may be a promise', async () => {
  const { injector } = await start(provideAuth(Promise.resolve(config)));
  expect(injector.get(AUTH_CLIENTS)[0]?.apis()).toHaveLength(1);
});

test('a configuration that cannot be fetched fails the start, and the status says so', async () => {
  const starting = start(provideAuth(() => Promise.reject(new Error('no configuration'))));
  await expect(starting).rejects.toThrow('no configuration');
});

test('a wrong configuration fails the start, with what to write instead', async () => {
  await expect(start(provideAuth({ ...config, issuer: 'http://login.example' }))).rejects.toThrow(
    /allowInsecureIssuer/,
  );
  await expect(start(provideAuth({ ...config, apis: [{ url: 'https://*.example.com' }] }))).rejects.toThrow(
    /wildcards/,
  );
});

test('several clients live beside each other, each by its name', async () => {
  const { auth } = await start(
    provideAuth(config),
    provideAuth({ ...config, clientId: 'other' }, withClientName('billing')),
  );
  expect(auth()).not.toBe(auth('billing'));
  expect(auth('default')).toBe(auth());
  expect(() => auth('nobody')).toThrow(/no auth client "nobody"/);
});
