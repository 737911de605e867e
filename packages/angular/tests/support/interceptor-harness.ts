import { Injector, PLATFORM_ID } from '@angular/core';
import { type AuthHandle, createAuth } from '../../src/auth.ts';
import { AUTH_CLIENTS } from '../../src/inject-auth.ts';
import { type ApiEntry, parseAllowList } from '../../src/interceptor/allow-list.ts';
import { base, createFakeClient, type FakeClientOptions } from './fake-client.ts';
import { createSender } from './provided-client.ts';

/** Creates the interceptor with a client whose token contains the count of its refreshes. */
export function createHarness(
  apis: readonly ApiEntry[],
  { platform = 'browser', ...options }: FakeClientOptions & { platform?: string } = {},
) {
  const { browser, ...client } = createFakeClient(options);
  const auth: AuthHandle = createAuth('default', Promise.resolve(browser));
  const allowList = parseAllowList(apis, base);
  const injector = Injector.create({
    providers: [
      { provide: PLATFORM_ID, useValue: platform },
      { provide: AUTH_CLIENTS, useValue: { auth, apis: () => allowList }, multi: true },
    ],
  });
  return { ...client, ...createSender(injector) };
}
