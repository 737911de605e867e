import { type HttpRequest, HttpResponse } from '@angular/common/http';
import {
  createEnvironmentInjector,
  type EnvironmentInjector,
  Injector,
  PLATFORM_ID,
  runInInjectionContext,
} from '@angular/core';
import { firstValueFrom, of } from 'rxjs';
import type { ApiEntry } from '../../src/interceptor/allow-list.ts';
import { authInterceptor } from '../../src/interceptor/auth-interceptor.ts';
import { provideAuthClient } from '../../src/provide-auth-client.ts';
import { createFakeClient, type FakeClientOptions, type Respond } from './fake-client.ts';

/** Creates a function that sends requests through the interceptor of an application, and records them. */
export function createSender(injector: Injector) {
  const requests: HttpRequest<unknown>[] = [];
  const send = (request: HttpRequest<unknown>, respond: Respond = () => of(new HttpResponse())) =>
    firstValueFrom(
      runInInjectionContext(injector, () =>
        authInterceptor(request, (interceptedRequest) => {
          requests.push(interceptedRequest);
          return respond(interceptedRequest);
        }),
      ),
    );
  const tokens = () => requests.map(({ headers }) => headers.get('authorization'));
  return { send, requests, tokens };
}

/** Creates the interceptor with a client that an application provides: it imports only what the package exports. */
export function createProvidedClient(apis: readonly ApiEntry[], options: FakeClientOptions = {}) {
  const { browser, ...client } = createFakeClient(options);
  const injector = createEnvironmentInjector(
    [{ provide: PLATFORM_ID, useValue: 'browser' }, provideAuthClient({ apis }, browser)],
    Injector.NULL as EnvironmentInjector,
  );
  return { ...client, ...createSender(injector) };
}
