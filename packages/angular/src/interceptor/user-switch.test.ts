import { HttpErrorResponse, HttpHeaders, HttpRequest, HttpResponse } from '@angular/common/http';
import {
  createEnvironmentInjector,
  type EnvironmentInjector,
  Injector,
  PLATFORM_ID,
  runInInjectionContext,
} from '@angular/core';
import type { AuthError, BrowserAuth } from '@countersign/core/browser';
import { firstValueFrom, from, map } from 'rxjs';
import { afterEach, beforeEach, test, vi } from 'vitest';
import { apiUrl } from '../../../core/tests/support/browser/browser-world.ts';
import {
  expectNoViolations,
  orderSeeds,
  type SendRequest,
  type UserSwitchRuns,
} from '../../../core/tests/support/browser/user-switch.ts';
import { withWorker } from '../../worker/with-worker.ts';
import { provideAuthClient } from '../provide-auth-client.ts';
import { authInterceptor } from './auth-interceptor.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const createApplication = (browser: BrowserAuth) =>
  createEnvironmentInjector(
    [
      { provide: PLATFORM_ID, useValue: 'browser' },
      provideAuthClient({ apis: [{ url: new URL(apiUrl).origin }] }, browser),
    ],
    Injector.NULL as EnvironmentInjector,
  );

/** Creates a sender with the real interceptor and the real browser client. Each tab has an Angular application. */
function createSender(): SendRequest {
  const applications = new Map<unknown, EnvironmentInjector>();
  return (world, call) => {
    const { auth: browser } = call.tab;
    const application = applications.get(browser) ?? createApplication(browser);
    applications.set(browser, application);
    const request = new HttpRequest<unknown>('POST', apiUrl, call.upload ?? { amount: 1 });
    const response = runInInjectionContext(application, () =>
      authInterceptor(request, ({ headers, body }) => {
        const upload = body instanceof ReadableStream ? body : undefined;
        return from(world.api(call, { headers, upload })).pipe(
          map(({ status, headers }) => {
            if (status === 200) return new HttpResponse({ status });
            throw new HttpErrorResponse({ status, headers: new HttpHeaders(headers) });
          }),
        );
      }),
    );
    return firstValueFrom(response).then(
      () => '200',
      (error: AuthError | HttpErrorResponse) => ('code' in error ? error.code : String(error.status)),
    );
  };
}

const connectWorker: UserSwitchRuns['connectWorker'] = (createWorker, options) => {
  const { fetch } = withWorker(createWorker).configure?.({ clientId: 'spa', ...options } as never) ?? {};
  if (!fetch) throw new Error('withWorker() adds no fetch');
  return fetch;
};

const runs = 1000;

test.each(orderSeeds)(
  `B20: sends no request of one user with the token of another user, in ${runs} %s orders (seed %i)`,
  { timeout: 600_000 },
  (_, seed) => expectNoViolations({ runs, seed, connectWorker }, createSender),
);
