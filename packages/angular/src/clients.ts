import { InjectionToken, inject, isDevMode } from '@angular/core';
import { ConfigurationError } from '@countersign/core/browser';
import type { AllowedApi } from './allow-list.ts';
import type { Auth, AuthHandle } from './auth.ts';

/** One provided client. */
export interface AuthClient {
  readonly auth: AuthHandle;
  /** `undefined` until the configuration has come. */
  readonly apis: () => readonly AllowedApi[] | undefined;
}

/** Every client that was provided, in order. */
export const AUTH_CLIENTS = new InjectionToken<readonly AuthClient[]>(
  isDevMode() ? 'Countersign clients' : '',
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
  const client =
    clientName === undefined ? clients[0] : clients.find(({ auth }) => auth.clientName === clientName);
  if (client) return client.auth;
  throw new ConfigurationError(
    'missing_option',
    `There is no auth client${clientName === undefined ? '' : ` "${clientName}"`}. Add provideAuth({ ... }) to the providers of the application.`,
  );
}
