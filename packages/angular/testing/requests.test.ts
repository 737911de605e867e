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

test('finds a matching request after the token is added', async () => {
  const { http, requests, tokenRequests } = start();
  const body = firstValueFrom(http.get(api));
  const request = await requests.waitFor(api);
  expectTokenAttached(request);
  expectTokenAttached(request, 'test-token');
  expect(() => expectTokenAttached(request, 'another')).toThrow(/expected the token "another"/);
  expect(() => expectNoTokenAttached(request)).toThrow(
    /GET https:\/\/api.example.com\/items has .*expected no access token/,
  );
  expect(tokenRequests).toMatchObject([{ scope: 'items:read' }]);
  request.flush(['Milk']);
  expect(await body).toEqual(['Milk']);
});

test('asserts that another request has no token', async () => {
  const { http, requests } = start();
  http.get('https://evil.test/items').subscribe();
  const request = await requests.waitFor({ method: 'GET', url: 'https://evil.test/items' });
  expectNoTokenAttached(request);
  expect(() => expectTokenAttached(request)).toThrow(/no entry of apis matches it/);
});

test('does not accept another credential as an access token', async () => {
  const { http, requests } = start();
  http.get(api, { headers: { authorization: 'Basic x' } }).subscribe();
  const request = await requests.waitFor(api);
  expect(() => expectTokenAttached(request)).toThrow(/expected an access token/);
  expect(() => expectNoTokenAttached(request)).toThrow(/Basic x/);
});

test('sends the request once more with a new token after rejectToken', async () => {
  const { http, requests } = start();
  const body = firstValueFrom(http.get(api));
  requests.rejectToken(await requests.waitFor(api));
  const replay = await requests.waitFor(({ url }) => url === api);
  expectTokenAttached(replay, 'test-token-2');
  replay.flush('ok');
  expect(await body).toBe('ok');
});

test('starts a login after requireStepUp', async () => {
  const { http, requests, logins } = start();
  for (const challenge of [{ acrValues: ['high'], maxAge: 0 }, { scope: 'items:write' }]) {
    const status = firstValueFrom(http.delete(api)).catch((error: HttpErrorResponse) => error.status);
    requests.requireStepUp(await requests.waitFor(api), challenge);
    expect(await status).toBe(challenge.scope ? 403 : 401);
  }
  expect(logins).toEqual([{ acrValues: ['high'], maxAge: 0 }, { scope: 'items:write' }]);
});

test('fails if no request or several requests match', async () => {
  const { http, requests } = start();
  await expect(requests.waitFor(api)).rejects.toThrow(/0 requests match https/);
  http.get('/a').subscribe();
  http.get('/a').subscribe();
  await expect(requests.waitFor('/a')).rejects.toThrow(/2 requests match \/a/);
});
