import { InjectionToken, inject } from '@angular/core';
import { ConfigurationError } from '@countersign/core/browser';
import type { Auth, AuthHandle } from './auth.ts';
import type { AllowedApi } from './config/allow-list.ts';

/** One provided client. */
export interface AuthClient {
  readonly auth: AuthHandle;
  /** `undefined` until the configuration has come, and on a server unless it was said what goes out from there. */
  readonly apis: () => readonly AllowedApi[] | undefined;
}

/** Every client that was provided, in order; a later one replaces those before it that have its name. */
export const AUTH_CLIENTS = new InjectionToken<readonly AuthClient[]>(
  typeof ngDevMode === 'undefined' || ngDevMode ? 'Countersign clients' : '',
);

export const defaultClientName = 'default';

/**
 * The login state and its actions, in an injection context.
 *
 * @param clientName which client, when the application has several (see `withClientName`)
 * @throws ConfigurationError when `provideAuth` is missing
 */
export function injectAuth(clientName?: string): Auth {
  return injectHandle(clientName);
}

export function injectHandle(clientName?: string): AuthHandle {
  const clients = inject(AUTH_CLIENTS, { optional: true }) ?? [];
  const name = clientName ?? clients[0]?.auth.clientName;
  const client = clients.findLast(({ auth }) => auth.clientName === name);
  if (client) return client.auth;
  throw new ConfigurationError(
    'missing_option',
    `There is no auth client${clientName === undefined ? '' : ` "${clientName}"`}. Add provideAuth({ ... }) to the providers.`,
  );
}
