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
import { createMemoryStorage } from '@countersign/core/browser';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  advanceClock,
  events,
  openSignedInPage,
  origin,
  provider,
  showPage,
  time,
} from '../../../core/tests/support/browser/browser-page.ts';
import { json } from '../../../core/tests/support/browser/browser-provider.ts';
import { injectAuth } from '../inject-auth.ts';
import { provideAuth } from '../provide-auth.ts';
import type { AuthConfig, AuthFeature } from './auth-config.ts';
import { withClientName, withStorage } from './auth-features.ts';
import { injectIdle, withIdle } from './with-idle.ts';
import { withUserInfo } from './with-user-info.ts';

/** The listeners of the page. The test document replaces `Event`, so that no event can be dispatched. */
let listeners: Map<string, Set<() => void>>;

const items = new Map<string, string>();

beforeEach(() => {
  listeners = new Map();
  items.clear();
  vi.stubGlobal('addEventListener', (name: string, listener: () => void) =>
    listeners.set(name, (listeners.get(name) ?? new Set()).add(listener)),
  );
  vi.stubGlobal('removeEventListener', (name: string, listener: () => void) =>
    listeners.get(name)?.delete(listener),
  );
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
  });
  vi.stubGlobal('document', { baseURI: `${origin}/` });
  // The test document replaces `Event`, which prevents Node from delivering messages.
  vi.stubGlobal('BroadcastChannel', undefined);
});
afterEach(() => void vi.useRealTimers());

const wake = () => listeners.get('focus')?.forEach((listener) => void listener());

/** Starts an application with a stored login. */
async function start(...features: AuthFeature[]) {
  const storage = { ...createMemoryStorage(), reach: 'tab' as const };
  await openSignedInPage({ storage });
  showPage(`${origin}/items`);
  const config: AuthConfig = {
    issuer: provider.issuer,
    clientId: 'spa',
    now: () => time,
    onEvent: (event) => events.push(event),
    fetch: async (url, init) =>
      url.endsWith('/userinfo')
        ? json({ sub: 'user-1', name: 'Alice', email: 'alice@example.com' })
        : provider.fetch(url, init),
  };
  const injector = createInjector(provideAuth(config, withStorage(storage), ...features));
  const initializers = injector.get(APP_INITIALIZER) as (() => unknown)[];
  await Promise.all(initializers.map((initialize) => runInInjectionContext(injector, initialize)));
  const auth = runInInjectionContext(injector, () => injectAuth());
  await auth.whenReady();
  return { injector, auth };
}

const createInjector = (...providers: EnvironmentProviders[]) =>
  createEnvironmentInjector(
    [
      { provide: PLATFORM_ID, useValue: 'browser' },
      { provide: Router, useValue: {} },
      { provide: Location, useValue: {} },
      ...providers,
    ],
    Injector.NULL as EnvironmentInjector,
  );

test('withUserInfo adds the claims of the userinfo endpoint to the signals', async () => {
  provider.metadata.userinfo_endpoint = `${provider.issuer}/userinfo`;
  const { auth } = await start(withUserInfo());
  await vi.waitFor(() => expect(auth.user()).toMatchObject({ sub: 'user-1', name: 'Alice' }));
  expect(auth.claims()).toMatchObject({ iss: provider.issuer, email: 'alice@example.com' });
});

test('withIdle warns with signals, and logs out', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { injector, auth } = await start(
    withIdle({ warnAfter: 10, endAfter: 20, logout: { localOnly: true } }),
  );
  const idle = runInInjectionContext(injector, () => injectIdle());
  expect(idle.isWarning()).toBe(false);
  expect(idle.endsAt()).toBe(Math.floor(time / 1000) + 20);
  advanceClock(15);
  vi.advanceTimersByTime(15_000);
  expect(idle.isWarning()).toBe(true);
  idle.extend();
  expect(idle.isWarning()).toBe(false);
  advanceClock(20);
  wake();
  expect(auth.isSignedIn()).toBe(false);
  expect(idle.endsAt()).toBeUndefined();
});

test('withIdle and withUserInfo work together, in both orders', async () => {
  provider.metadata.userinfo_endpoint = `${provider.issuer}/userinfo`;
  const idle = withIdle({ warnAfter: 10, endAfter: 20, logout: { localOnly: true } });
  for (const features of [
    [idle, withUserInfo()],
    [withUserInfo(), idle],
  ]) {
    const { auth } = await start(...features);
    await vi.waitFor(() => expect(auth.user()?.name).toBe('Alice'));
    advanceClock(20);
    wake();
    expect(auth.user()).toBeUndefined();
    items.clear();
  }
});

test('injectIdle finds the client by its name', async () => {
  const { injector } = await start(withIdle({ warnAfter: 10, endAfter: 20 }), withClientName('shop'));
  const find = (name?: string) => runInInjectionContext(injector, () => injectIdle(name));
  expect(find('shop')).toBe(find());
  expect(() => find('reports')).toThrow(expect.objectContaining({ code: 'missing_option' }));
});

test('injectIdle requires withIdle', async () => {
  const { injector } = await start();
  expect(() => runInInjectionContext(injector, () => injectIdle())).toThrow(/withIdle/);
});

test('an application with an invalid idle time does not start', async () => {
  await expect(start(withIdle({ warnAfter: 30, endAfter: 20 }))).rejects.toMatchObject({
    code: 'invalid_option',
  });
});
