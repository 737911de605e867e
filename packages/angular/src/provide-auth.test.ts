import { Location } from '@angular/common';
import {
  APP_INITIALIZER,
  ApplicationInitStatus,
  createEnvironmentInjector,
  type EnvironmentInjector,
  type EnvironmentProviders,
  Injector,
  NgModule,
  PLATFORM_ID,
  runInInjectionContext,
} from '@angular/core';
import { TestBed } from '@angular/core/testing';
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
  // The test document replaces `Event`, which prevents Node from delivering messages.
  vi.stubGlobal('BroadcastChannel', undefined);
});
afterEach(() => void vi.unstubAllGlobals());

/** Runs the initializers of an application with these providers. */
async function start(...providers: EnvironmentProviders[]) {
  const navigations: unknown[] = [];
  const injector = createEnvironmentInjector(
    [
      { provide: PLATFORM_ID, useValue: 'browser' },
      { provide: Router, useValue: { navigateByUrl: (...to: unknown[]) => navigations.push(to) } },
      {
        provide: Location,
        useValue: { normalize: (path: string) => path, prepareExternalUrl: (path: string) => path },
      },
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

test('features add options to the configuration', () => {
  const storage = { reach: 'memory' as const, get: () => undefined, set: () => {}, remove: () => {} };
  const listener = () => {};
  const features = [
    withRefreshTokens({ leeway: 5 }),
    withSilentLogin(),
    withStorage(storage),
    withDPoP(),
    withEvents(listener),
  ];
  const completeConfig = features.reduce<AuthConfig>(
    (current, feature) => feature.configure?.(current) ?? current,
    config,
  );
  expect(completeConfig).toMatchObject({
    refreshTokens: true,
    leeway: 5,
    silentRedirectUri: 'https://app.example/shop/silent-callback.html',
    storage,
    onEvent: listener,
  });
  expect(completeConfig.dpop).toBeTypeOf('function');
});

test('an undefined option of a feature keeps the configuration', () => {
  const withLeeway = { ...config, leeway: 5 };
  expect(withRefreshTokens({ leeway: undefined }).configure?.(withLeeway)).toMatchObject({ leeway: 5 });
});

test('starts synchronously with a configuration object', async () => {
  const { auth } = await start(provideAuth(config));
  await auth().whenReady();
  expect(auth().status()).toBe('signed-out');
});

test('waits for a promise of a configuration', async () => {
  let resolveConfig: (config: AuthConfig) => void = () => {};
  const starting = start(
    provideAuth(
      () =>
        new Promise((resolve) => {
          resolveConfig = resolve;
        }),
    ),
  );
  const result = await Promise.race([starting, new Promise((resolve) => setTimeout(resolve, 20, 'waiting'))]);
  expect(result).toBe('waiting');
  resolveConfig(config);
  const { injector } = await starting;
  expect(injector.get(AUTH_CLIENTS)[0]?.apis()).toHaveLength(1);
});

test('accepts a promise of a configuration', async () => {
  const { injector } = await start(provideAuth(Promise.resolve(config)));
  expect(injector.get(AUTH_CLIENTS)[0]?.apis()).toHaveLength(1);
});

test('fails to start if the configuration cannot be loaded', async () => {
  const starting = start(provideAuth(() => Promise.reject(new Error('no configuration'))));
  await expect(starting).rejects.toThrow('no configuration');
});

test('fails to start with an invalid configuration', async () => {
  await expect(start(provideAuth({ ...config, issuer: 'http://login.example' }))).rejects.toThrow(
    /allowInsecureIssuer/,
  );
  await expect(start(provideAuth({ ...config, apis: [{ url: 'https://*.example.com' }] }))).rejects.toThrow(
    /wildcards/,
  );
});

test.each(['issuer', 'redirectUri', 'postLogoutRedirectUri', 'silentRedirectUri'] as const)(
  'fails to start with a URL object as %s',
  async (name) => {
    const url = new URL('https://app.example/shop/callback?tenant=secret');
    for (const source of [
      { ...config, [name]: url as never },
      async () => ({ ...config, [name]: url as never }),
    ])
      await expect(start(provideAuth(source))).rejects.toMatchObject({
        name: 'ConfigurationError',
        code: 'invalid_option',
        message: `The option "${name}" of createBrowserAuth() is a URL object, expected a string.`,
      });
  },
);

test('provides several clients by name', async () => {
  const { auth } = await start(
    provideAuth(config),
    provideAuth({ ...config, clientId: 'other' }, withClientName('billing')),
  );
  expect(auth()).not.toBe(auth('billing'));
  expect(auth('default')).toBe(auth());
  expect(() => auth('unknown')).toThrow(/no auth client "unknown"/);
});

test('works in the providers of an NgModule', async () => {
  @NgModule({ providers: [provideAuth(config)] })
  class AppModule {}
  TestBed.configureTestingModule({
    imports: [AppModule],
    providers: [
      { provide: PLATFORM_ID, useValue: 'browser' },
      { provide: Router, useValue: { navigateByUrl: () => {} } },
    ],
  });
  await TestBed.inject(ApplicationInitStatus).donePromise;
  const auth = TestBed.runInInjectionContext(() => injectAuth());
  await auth.whenReady();
  expect(auth.status()).toBe('signed-out');
});
