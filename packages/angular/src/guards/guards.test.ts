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
let pageshow: (() => void) | undefined;

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
  const within = <T>(run: () => T) => runInInjectionContext(injector, run);
  const run = (guard: AuthGuard) =>
    within(() => (guard as unknown as () => Promise<boolean | RedirectCommand>)());
  return { run, within, ...within(injectAuthTesting) };
}

const user = { sub: 'user-1', email_verified: true };

describe('authGuard', () => {
  test('lets a signed-in user in', async () => {
    expect(await createHarness({ user }).run(authGuard)).toBe(true);
  });

  test('sends everybody else to log in, and back to the very page; nothing is decided while the page is left', async () => {
    const { run, logins } = createHarness({});
    let decided = false;
    const decision = Promise.resolve(run(authGuard)).finally(() => {
      decided = true;
    });
    await vi.waitFor(() => expect(pageshow).toBeDefined());
    expect(logins).toEqual([{ returnTo: target }]);
    expect(decided).toBe(false);
    pageshow?.();
    expect(await decision).toBe(false);
  });

  test('B3: on a server it lets in whom the server knows, and starts no login', async () => {
    expect(await createHarness({ user }, 'server').run(authGuard)).toBe(true);
    for (const status of ['loading', 'signed-out', 'error'] as const) {
      const { run, logins } = createHarness({ status }, 'server');
      expect(await run(authGuard)).toBe(false);
      expect(logins).toEqual([]);
    }
  });

  test('names a client that was not provided', () => {
    const { run } = createHarness({ user });
    expect(() => run(authGuardFor('billing'))).toThrow(/no auth client "billing"/);
  });
});

describe('scopeGuard and claimGuard', () => {
  test('every scope must be granted', async () => {
    const { run } = createHarness({ user, scopes: ['openid', 'items:read'] });
    expect(await run(scopeGuard('items:read'))).toBe(true);
    expect(await run(scopeGuard('items:read items:write'))).toBe(false);
    expect(await run(scopeGuard('items'))).toBe(false);
    const nothing = createHarness({ user, scopes: [] });
    expect(nothing.within(() => injectAuth()).scopes()).toEqual([]);
    expect(await nothing.run(scopeGuard('items:read'))).toBe(false);
  });

  test('a claim must pass', async () => {
    const { run } = createHarness({ user });
    expect(await run(claimGuard(({ email_verified }) => email_verified === true))).toBe(true);
    expect(await run(claimGuard(({ admin }) => admin === true))).toBe(false);
  });

  test('who may not in goes elsewhere, where that is said', async () => {
    const { run } = createHarness({ user });
    expect(await run(scopeGuard('x', { otherwise: '/forbidden' }))).toMatchObject({
      redirectTo: '/forbidden',
    });
  });

  test('who is not signed in logs in first', async () => {
    const { run, logins } = createHarness({});
    void run(scopeGuard('items:read'));
    await vi.waitFor(() => expect(logins).toHaveLength(1));
  });
});

test('provideAuthTesting: signals follow the state, actions are noted', async () => {
  const { within, set, logouts } = createHarness({ user: { ...user, name: 'Ada' }, scopes: ['openid', 'x'] });
  const auth = within(() => injectAuth());
  expect(auth.status()).toBe('signed-in');
  expect(auth.user()).toEqual({ sub: 'user-1', name: 'Ada', email: undefined, picture: undefined });
  expect(auth.scopes()).toEqual(['openid', 'x']);
  expect(await auth.getAccessToken()).toMatchObject({ accessToken: 'test-token' });
  set({ error: new Error('no') });
  expect(auth.status()).toBe('signed-out');
  expect(auth.error()?.message).toBe('no');
  await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
  set({ user });
  await auth.logout();
  expect(logouts).toEqual([{}]);
  expect(auth.isSignedIn()).toBe(false);
});

test('injectAuth without provideAuth says what to add', () => {
  const injector = createEnvironmentInjector([], Injector.NULL as EnvironmentInjector);
  expect(() => runInInjectionContext(injector, () => injectAuth())).toThrow(/Add provideAuth/);
});
