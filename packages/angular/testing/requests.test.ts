import {
  HttpClient,
  type HttpErrorResponse,
  provideHttpClient,
  withInterceptors,
} from '@angular/common/http';
import { provideHttpClientTesting } from '@angular/common/http/testing';
import { inject, PLATFORM_ID } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { type AuthConfig, authInterceptor } from '@countersign/angular';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { injectAuthTesting, provideAuthTesting } from './provide-auth-testing.ts';
import { expectNoTokenAttached, expectTokenAttached, injectAuthRequests } from './requests.ts';

beforeEach(() => {
  vi.stubGlobal('document', { baseURI: 'https://app.example/' });
  vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: () => {} });
});
afterEach(() => void vi.unstubAllGlobals());

const api = 'https://api.example.com/items';
const user = { sub: 'user-1' };

function start(
  config: Pick<AuthConfig, 'apis'> = { apis: [{ url: api, scope: 'items:read', stepUp: true }] },
) {
  TestBed.configureTestingModule({
    providers: [
      { provide: PLATFORM_ID, useValue: 'browser' },
      provideHttpClient(withInterceptors([authInterceptor])),
      provideHttpClientTesting(),
      provideAuthTesting({ user }, config),
    ],
  });
  return TestBed.runInInjectionContext(() => ({
    http: inject(HttpClient),
    requests: injectAuthRequests(),
    ...injectAuthTesting(),
  }));
}

test('a covered request is found once its token is attached', async () => {
  const { http, requests, tokenRequests } = start();
  const answer = firstValueFrom(http.get(api));
  const request = await requests.next(api);
  expectTokenAttached(request);
  expectTokenAttached(request, 'test-token');
  expect(() => expectTokenAttached(request, 'another')).toThrow(/instead of the token "another"/);
  expect(() => expectNoTokenAttached(request)).toThrow(/GET https:\/\/api.example.com\/items was given/);
  expect(tokenRequests).toMatchObject([{ scope: 'items:read' }]);
  request.flush(['Milk']);
  expect(await answer).toEqual(['Milk']);
});

test('any other request has no token, which can be asserted', async () => {
  const { http, requests } = start();
  http.get('https://evil.test/items').subscribe();
  const request = await requests.next({ method: 'GET', url: 'https://evil.test/items' });
  expectNoTokenAttached(request);
  expect(() => expectTokenAttached(request)).toThrow(/no entry of apis covers it/);
});

test('a credential of another kind is no access token', async () => {
  const { http, requests } = start();
  http.get(api, { headers: { authorization: 'Basic x' } }).subscribe();
  const request = await requests.next(api);
  expect(() => expectTokenAttached(request)).toThrow(/no access token/);
  expect(() => expectNoTokenAttached(request)).toThrow(/Basic x/);
});

test('a refused token is replaced, and the request comes once more', async () => {
  const { http, requests } = start();
  const answer = firstValueFrom(http.get(api));
  requests.refuseToken(await requests.next(api));
  const again = await requests.next(({ url }) => url === api);
  expectTokenAttached(again, 'test-token-2');
  again.flush('ok');
  expect(await answer).toBe('ok');
});

test('an API that asks for more sends the user to log in', async () => {
  const { http, requests, logins } = start();
  for (const challenge of [{ acrValues: ['high'], maxAge: 0 }, { scope: 'items:write' }]) {
    const answer = firstValueFrom(http.delete(api)).catch((error: HttpErrorResponse) => error.status);
    requests.askForStepUp(await requests.next(api), challenge);
    expect(await answer).toBe(challenge.scope ? 403 : 401);
  }
  expect(logins).toEqual([{ acrValues: ['high'], maxAge: 0 }, { scope: 'items:write' }]);
});

test('none, or more than one request is an error that says so', async () => {
  const { http, requests } = start();
  await expect(requests.next(api)).rejects.toThrow(/0 requests match https/);
  http.get('/a').subscribe();
  http.get('/a').subscribe();
  await expect(requests.next('/a')).rejects.toThrow(/2 requests match \/a/);
});
