import {
  createEnvironmentInjector,
  type EnvironmentInjector,
  Injector,
  PLATFORM_ID,
  runInInjectionContext,
} from '@angular/core';
import { type RedirectCommand, Router } from '@angular/router';
import { injectAuthTesting, provideAuthTesting, type TestAuthState } from '@countersign/angular/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { injectAuth } from '../inject-auth.ts';
import { type AuthGuard, authGuard, authGuardFor } from './auth-guard.ts';
import { claimGuard, scopeGuard } from './permission-guards.ts';

const target = '/items?a=b#c';
let pageshow: ((event: { persisted: boolean }) => void) | undefined;

beforeEach(() => {
  pageshow = undefined;
  vi.stubGlobal('addEventListener', (name: string, listener: () => void) => {
    if (name === 'pageshow') pageshow = listener;
  });
});
afterEach(() => void vi.unstubAllGlobals());

function createHarness(state: TestAuthState, platform = 'browser') {
  const router = {
    currentNavigation: () => ({ finalUrl: target }),
    serializeUrl: (url: string) => url,
    parseUrl: (url: string) => url,
  };
  const injector = createEnvironmentInjector(
    [
      { provide: PLATFORM_ID, useValue: platform },
      { provide: Router, useValue: router },
      provideAuthTesting(state),
    ],
    Injector.NULL as EnvironmentInjector,
  );
  const inContext = <T>(run: () => T) => runInInjectionContext(injector, run);
  const run = (guard: AuthGuard) =>
    inContext(() => (guard as unknown as () => Promise<boolean | RedirectCommand>)());
  return { run, inContext, ...inContext(injectAuthTesting) };
}

const user = { sub: 'user-1', email_verified: true };

describe('authGuard', () => {
  test('allows a signed-in user', async () => {
    expect(await createHarness({ user }).run(authGuard)).toBe(true);
  });

  test('starts a login with returnTo, and returns no decision while the browser leaves the page', async () => {
    const { run, logins } = createHarness({});
    let isDecided = false;
    const decision = Promise.resolve(run(authGuard)).finally(() => {
      isDecided = true;
    });
    await vi.waitFor(() => expect(pageshow).toBeDefined());
    expect(logins).toEqual([{ returnTo: target }]);
    expect(isDecided).toBe(false);
    // The page has loaded for the first time, before the browser leaves it.
    pageshow?.({ persisted: false });
    await new Promise((resolve) => setTimeout(resolve));
    expect(isDecided).toBe(false);
    pageshow?.({ persisted: true });
    expect(await decision).toBe(false);
  });

  test('B3: allows a rendered user on a server, and starts no login there', async () => {
    expect(await createHarness({ user }, 'server').run(authGuard)).toBe(true);
    for (const status of ['loading', 'signed-out', 'error'] as const) {
      const { run, logins } = createHarness({ status }, 'server');
      expect(await run(authGuard)).toBe(false);
      expect(logins).toEqual([]);
    }
  });

  test('throws if the client is not provided', () => {
    const { run } = createHarness({ user });
    expect(() => run(authGuardFor('billing'))).toThrow(/no auth client "billing"/);
  });
});

describe('scopeGuard and claimGuard', () => {
  test('scopeGuard requires all scopes', async () => {
    const { run } = createHarness({ user, scopes: ['openid', 'items:read'] });
    expect(await run(scopeGuard('items:read'))).toBe(true);
    expect(await run(scopeGuard('items:read items:write'))).toBe(false);
    expect(await run(scopeGuard('items'))).toBe(false);
    const withoutScopes = createHarness({ user, scopes: [] });
    expect(withoutScopes.inContext(() => injectAuth()).scopes()).toEqual([]);
    expect(await withoutScopes.run(scopeGuard('items:read'))).toBe(false);
  });

  test('claimGuard requires that the function returns true', async () => {
    const { run } = createHarness({ user });
    expect(await run(claimGuard(({ email_verified }) => email_verified === true))).toBe(true);
    expect(await run(claimGuard(({ admin }) => admin === true))).toBe(false);
  });

  test('redirects a user who is not allowed to redirectTo', async () => {
    const { run } = createHarness({ user });
    expect(await run(scopeGuard('x', { redirectTo: '/forbidden' }))).toMatchObject({
      redirectTo: '/forbidden',
    });
  });

  test('starts a login if the user is not signed in', async () => {
    const { run, logins } = createHarness({});
    void run(scopeGuard('items:read'));
    await vi.waitFor(() => expect(logins).toHaveLength(1));
  });
});

test('provideAuthTesting updates the signals and records the calls', async () => {
  const { inContext, setState, logouts } = createHarness({
    user: { ...user, name: 'Ada' },
    scopes: ['openid', 'x'],
  });
  const auth = inContext(() => injectAuth());
  expect(auth.status()).toBe('signed-in');
  expect(auth.user()).toEqual({ sub: 'user-1', name: 'Ada', email: undefined, picture: undefined });
  expect(auth.scopes()).toEqual(['openid', 'x']);
  expect(await auth.getAccessToken()).toMatchObject({ accessToken: 'test-token' });
  setState({ error: new Error('no') });
  expect(auth.status()).toBe('signed-out');
  expect(auth.error()?.message).toBe('no');
  await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
  setState({ user });
  await auth.logout();
  expect(logouts).toEqual([{}]);
  expect(auth.isSignedIn()).toBe(false);
});

test('injectAuth throws without provideAuth', () => {
  const injector = createEnvironmentInjector([], Injector.NULL as EnvironmentInjector);
  expect(() => runInInjectionContext(injector, () => injectAuth())).toThrow(/Add provideAuth/);
});
