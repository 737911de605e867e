import { HttpErrorResponse, HttpHeaders, HttpRequest, HttpResponse } from '@angular/common/http';
import { Injector, PLATFORM_ID, runInInjectionContext } from '@angular/core';
import type { AuthError } from '@countersign/core/browser';
import { firstValueFrom, from, map } from 'rxjs';
import { afterEach, beforeEach, test, vi } from 'vitest';
import { apiUrl, origin } from '../../../core/tests/support/browser/browser-world.ts';
import { expectNoViolations, type SendRequest } from '../../../core/tests/support/browser/user-switch.ts';
import { createAuth } from '../auth.ts';
import { AUTH_CLIENTS } from '../inject-auth.ts';
import { parseAllowList } from './allow-list.ts';
import { authInterceptor } from './auth-interceptor.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Creates a sender with the real interceptor and the real browser client. Each tab has an Angular application. */
function createSender(): SendRequest {
  const applications = new Map<unknown, Injector>();
  return (world, call, { isUpload }) => {
    const { auth: browser } = call.tab;
    const injector =
      applications.get(browser) ??
      Injector.create({
        providers: [
          { provide: PLATFORM_ID, useValue: 'browser' },
          {
            provide: AUTH_CLIENTS,
            multi: true,
            useValue: {
              auth: createAuth('default', Promise.resolve(browser)),
              apis: () => parseAllowList([{ url: new URL(apiUrl).origin }], origin),
            },
          },
        ],
      });
    applications.set(browser, injector);
    const body = isUpload ? new ReadableStream() : { amount: 1 };
    const response = runInInjectionContext(injector, () =>
      authInterceptor(new HttpRequest<unknown>('POST', apiUrl, body), ({ headers }) =>
        from(world.api(call, headers)).pipe(
          map(({ status, headers }) => {
            if (status === 200) return new HttpResponse({ status });
            throw new HttpErrorResponse({ status, headers: new HttpHeaders(headers) });
          }),
        ),
      ),
    );
    return firstValueFrom(response).then(
      () => '200',
      (error: AuthError | HttpErrorResponse) => ('code' in error ? error.code : String(error.status)),
    );
  };
}

const runs = 1000;
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(
  `B20: sends no request of one user with the token of another user, in ${runs} orders (seed ${seed})`,
  {
    timeout: 600_000,
  },
  () => expectNoViolations({ runs, seed }, createSender),
);
