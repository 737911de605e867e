import { TestBed } from '@angular/core/testing';
import { injectAuthTesting, provideAuthTesting } from '@countersign/angular/testing';
import { firstValueFrom, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import { injectAuthObservables } from './auth-observables.ts';

const user = { sub: 'user-1', name: 'Ada' };

function createHarness() {
  TestBed.configureTestingModule({ providers: [provideAuthTesting({ user, scopes: ['openid', 'x'] })] });
  return TestBed.runInInjectionContext(() => ({ ...injectAuthObservables(), ...injectAuthTesting() }));
}

test('emits the value and each change of each signal', async () => {
  const { status$, isSignedIn$, user$, claims$, scopes$, expiresAt$, error$, setState } = createHarness();
  const statuses: string[] = [];
  status$.subscribe((status) => statuses.push(status));
  TestBed.tick();
  setState({ status: 'error', error: new Error('no') });
  TestBed.tick();
  expect(statuses).toEqual(['signed-in', 'error']);
  expect((await firstValueFrom(error$))?.message).toBe('no');
  setState({ user });
  TestBed.tick();
  expect(await firstValueFrom(isSignedIn$)).toBe(true);
  expect(await firstValueFrom(user$)).toMatchObject({ sub: 'user-1', name: 'Ada' });
  expect(await firstValueFrom(claims$)).toMatchObject(user);
  expect(await firstValueFrom(scopes$)).toEqual(['openid']);
  expect(await firstValueFrom(expiresAt$)).toBeTypeOf('number');
});

test('completes with the injection context', async () => {
  const { status$ } = createHarness();
  TestBed.tick();
  const statuses = firstValueFrom(status$.pipe(toArray()));
  TestBed.resetTestingModule();
  expect(await statuses).toEqual(['signed-in']);
});

test('requests an access token for each subscription, and an error affects only that subscription', async () => {
  const { accessToken$, tokenRequests, setState } = createHarness();
  const token$ = accessToken$({ scope: 'x' });
  expect(tokenRequests).toEqual([]);
  expect(await firstValueFrom(token$)).toMatchObject({ accessToken: 'test-token' });
  setState({});
  await expect(firstValueFrom(token$)).rejects.toMatchObject({ code: 'not_signed_in' });
  setState({ user });
  expect(await firstValueFrom(token$)).toMatchObject({ accessToken: 'test-token' });
  expect(tokenRequests).toEqual([{ scope: 'x' }, { scope: 'x' }, { scope: 'x' }]);
});
