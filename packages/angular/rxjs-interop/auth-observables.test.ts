import { TestBed } from '@angular/core/testing';
import { injectAuthTesting, provideAuthTesting } from '@countersign/angular/testing';
import { firstValueFrom, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import { injectAuthObservables } from './auth-observables.ts';

const user = { sub: 'user-1', name: 'Ada' };

function start() {
  TestBed.configureTestingModule({ providers: [provideAuthTesting({ user, scopes: ['openid', 'x'] })] });
  return TestBed.runInInjectionContext(() => ({ ...injectAuthObservables(), ...injectAuthTesting() }));
}

test('each signal is an observable: its value, and every change', async () => {
  const { status$, isSignedIn$, user$, claims$, scopes$, expiresAt$, error$, set } = start();
  const statuses: string[] = [];
  status$.subscribe((status) => statuses.push(status));
  TestBed.tick();
  set({ status: 'error', error: new Error('no') });
  TestBed.tick();
  expect(statuses).toEqual(['signed-in', 'error']);
  expect((await firstValueFrom(error$))?.message).toBe('no');
  set({ user });
  TestBed.tick();
  expect(await firstValueFrom(isSignedIn$)).toBe(true);
  expect(await firstValueFrom(user$)).toMatchObject({ sub: 'user-1', name: 'Ada' });
  expect(await firstValueFrom(claims$)).toMatchObject(user);
  expect(await firstValueFrom(scopes$)).toEqual(['openid']);
  expect(await firstValueFrom(expiresAt$)).toBeTypeOf('number');
});

test('observables end with their injection context', async () => {
  const { status$ } = start();
  TestBed.tick();
  const all = firstValueFrom(status$.pipe(toArray()));
  TestBed.resetTestingModule();
  expect(await all).toEqual(['signed-in']);
});

test('an access token is asked for at each subscription, and a refusal is an error of that one alone', async () => {
  const { accessToken$, tokenRequests, set } = start();
  const token$ = accessToken$({ scope: 'x' });
  expect(tokenRequests).toEqual([]);
  expect(await firstValueFrom(token$)).toMatchObject({ accessToken: 'test-token' });
  set({});
  await expect(firstValueFrom(token$)).rejects.toMatchObject({ code: 'not_signed_in' });
  set({ user });
  expect(await firstValueFrom(token$)).toMatchObject({ accessToken: 'test-token' });
  expect(tokenRequests).toEqual([{ scope: 'x' }, { scope: 'x' }, { scope: 'x' }]);
});
