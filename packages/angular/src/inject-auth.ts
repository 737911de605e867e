import { InjectionToken, inject } from '@angular/core';
import { ConfigurationError } from '@countersign/core/browser';
import type { Auth, AuthHandle } from './auth.ts';
import type { AllowedApi } from './interceptor/allow-list.ts';

/** A provided client. */
export interface AuthClient {
  readonly auth: AuthHandle;
  /** Returns the allow-list. Undefined until the configuration is loaded, and on a server without `provideServerAuth`. */
  readonly apis: () => readonly AllowedApi[] | undefined;
}

/** All provided clients in order. A later client replaces an earlier one of the same name. */
export const AUTH_CLIENTS = new InjectionToken<readonly AuthClient[]>(
  typeof ngDevMode === 'undefined' || ngDevMode ? 'Countersign clients' : '',
);

export const defaultClientName = 'default';

/**
 * Returns the login state and its actions. Call it in an injection context.
 *
 * @param clientName the name of the client, if the application has several (see `withClientName`).
 * Default: the first client
 * @throws ConfigurationError `missing_option` if no such client is provided
 * @example
 * ```ts
 * import { Component } from '@angular/core';
 * import { injectAuth } from '@countersign/angular';
 *
 * @Component({
 *   selector: 'app-account',
 *   template: `
 *     @if (auth.isSignedIn()) {
 *       {{ auth.user()?.name }} <button (click)="auth.logout()">Log out</button>
 *     } @else {
 *       <button (click)="auth.login()">Log in</button>
 *     }
 *   `,
 * })
 * export class Account {
 *   protected readonly auth = injectAuth();
 * }
 * ```
 */
export function injectAuth(clientName?: string): Auth {
  return injectAuthHandle(clientName);
}

export function injectAuthHandle(clientName?: string): AuthHandle {
  const clients = inject(AUTH_CLIENTS, { optional: true }) ?? [];
  const name = clientName ?? clients[0]?.auth.clientName;
  const client = clients.findLast(({ auth }) => auth.clientName === name);
  if (client) return client.auth;
  throw new ConfigurationError(
    'missing_option',
    typeof ngDevMode === 'undefined' || ngDevMode
      ? `There is no auth client${clientName === undefined ? '' : ` "${clientName}"`}. Add provideAuth({ ... }) to the providers.`
      : 'provideAuth',
  );
}
