import { InjectionToken, inject } from '@angular/core';
import { ConfigurationError } from '@countersign/core/browser';
import type { Auth, AuthHandle } from './auth.ts';
import type { AllowedApi } from './interceptor/allow-list.ts';

/** A provided client. */
export interface AuthClient {
  readonly auth: AuthHandle;
  /** Returns the allow-list. Undefined until the configuration is loaded, and on a server without `provideServerAuth`. */
  readonly apis: () => readonly AllowedApi[] | undefined;
  /** Returns the resource server of the login, to which its scopes belong. Default: unknown. */
  readonly defaultResource?: () => string | undefined;
}

/** All provided clients in order. A later client replaces an earlier one of the same name. */
export const AUTH_CLIENTS = new InjectionToken<readonly AuthClient[]>(
  typeof ngDevMode === 'undefined' || ngDevMode ? 'Countersign clients' : '',
);

export const defaultClientName = 'default';

/** One token for all copies of this package in the page. Each copy provides its own {@link AUTH_CLIENTS} here. */
const AUTH_COPIES = getSharedToken();

function getSharedToken(): InjectionToken<readonly unknown[]> {
  const name = Symbol.for('countersign.angular');
  const sharedTokens = globalThis as { [name]?: InjectionToken<readonly unknown[]> };
  sharedTokens[name] ??= new InjectionToken('');
  return sharedTokens[name];
}

/** Registers this copy of the package, so that other copies detect it. */
export const copyProvider = { provide: AUTH_COPIES, multi: true, useValue: AUTH_CLIENTS } as const;

/**
 * Returns all clients. A copy of this package cannot find the clients of another copy: without an error, its interceptor
 * would send requests without a token.
 *
 * @throws ConfigurationError `duplicate_package`
 */
export function injectClients(): readonly AuthClient[] {
  const copies = inject(AUTH_COPIES, { optional: true }) ?? [];
  if (copies.some((copy) => copy !== AUTH_CLIENTS))
    throw new ConfigurationError(
      'duplicate_package',
      typeof ngDevMode === 'undefined' || ngDevMode
        ? 'provideAuth() was called from another copy of @countersign/angular. Install one copy: "npm ls @countersign/angular" lists them.'
        : '@countersign/angular',
    );
  return inject(AUTH_CLIENTS, { optional: true }) ?? [];
}

/**
 * Returns the login state and its actions. Call it in an injection context.
 *
 * @param clientName the name of the client, if the application has several (see `withClientName`).
 * Default: the first client
 * @throws ConfigurationError `missing_option` if no such client is provided
 * @see https://angular.dev/guide/di/dependency-injection-context
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

export const injectAuthHandle = (clientName?: string): AuthHandle => injectClient(clientName).auth;

export function injectClient(clientName?: string): AuthClient {
  const clients = injectClients();
  const name = clientName ?? clients[0]?.auth.clientName;
  const client = clients.findLast(({ auth }) => auth.clientName === name);
  if (client) return client;
  throw new ConfigurationError(
    'missing_option',
    typeof ngDevMode === 'undefined' || ngDevMode
      ? `There is no auth client${clientName === undefined ? '' : ` "${clientName}"`}. Add provideAuth({ ... }) to the providers.`
      : 'provideAuth',
  );
}
