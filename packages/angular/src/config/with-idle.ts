import { computed, InjectionToken, inject, type Signal, signal } from '@angular/core';
import {
  ConfigurationError,
  type IdleOptions,
  type IdleSnapshot,
  limitIdleTime,
} from '@countersign/core/browser';
import type { AuthFeature } from './auth-config.ts';

/** The time that is left without activity. {@link injectIdle} returns it. */
export interface AuthIdle {
  /** Whether the user should be warned. False if no user is signed in, and on a server. */
  readonly isWarning: Signal<boolean>;
  /** When the user is logged out without activity, in seconds since the epoch. Undefined if no user is signed in. */
  readonly endsAt: Signal<number | undefined>;
  /** Counts as activity of the user, for example for the button of a warning. */
  extend(): void;
}

interface IdleClient {
  readonly clientName: string;
  readonly idle: AuthIdle;
}

const IDLE_CLIENTS = /* @__PURE__ */ new InjectionToken<readonly IdleClient[]>(
  typeof ngDevMode === 'undefined' || ngDevMode ? 'Countersign idle times' : '',
);

/**
 * Logs out a user who is inactive for too long. Activity is input (pointer, keys, wheel, touch) in any tab of this origin.
 * After a computer was suspended, or a page was closed, for longer than `endAfter`, the login ends before it is used. The
 * event `session.idle` is emitted. {@link injectIdle} returns the state of the warning.
 *
 * An invalid time throws a `ConfigurationError` `invalid_option` when the application starts.
 *
 * @param options.warnAfter seconds without activity after which `isWarning` is true
 * @param options.endAfter seconds without activity after which the user is logged out, at most 86,400
 * @param options.logout options of the logout. Default: the session at the provider ends too
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#session-expiration
 * @example
 * ```ts
 * import { provideAuth, withIdle } from '@countersign/angular';
 *
 * const providers = [
 *   provideAuth(
 *     { issuer: 'https://login.example.com', clientId: 'my-app' },
 *     withIdle({ warnAfter: 14 * 60, endAfter: 15 * 60 }),
 *   ),
 * ];
 * ```
 */
export function withIdle(options: IdleOptions): AuthFeature {
  const snapshot = signal<IdleSnapshot>({ isWarning: false });
  let extend = () => {};
  const idle: AuthIdle = {
    isWarning: computed(() => snapshot().isWarning),
    endsAt: computed(() => snapshot().endsAt),
    extend: () => extend(),
  };
  return {
    connect(client, clientOptions) {
      const session = limitIdleTime(client, { ...clientOptions, ...options });
      session.subscribe(() => snapshot.set(session.snapshot()));
      extend = session.extend;
      return session.auth;
    },
    getProviders: (clientName) => [
      { provide: IDLE_CLIENTS, multi: true, useValue: { clientName, idle } satisfies IdleClient },
    ],
  };
}

/**
 * Returns the time that is left without activity. Call it in an injection context.
 *
 * @param clientName the name of the client, if the application has several. Default: the first client with `withIdle`
 * @throws ConfigurationError `missing_option` if no such client has `withIdle`
 * @see https://angular.dev/guide/di/dependency-injection-context
 * @example
 * ```ts
 * import { Component } from '@angular/core';
 * import { injectIdle } from '@countersign/angular';
 *
 * @Component({
 *   selector: 'app-idle-warning',
 *   template: `
 *     @if (idle.isWarning()) {
 *       <p role="alert">You will be logged out soon. <button (click)="idle.extend()">Continue</button></p>
 *     }
 *   `,
 * })
 * export class IdleWarning {
 *   protected readonly idle = injectIdle();
 * }
 * ```
 */
export function injectIdle(clientName?: string): AuthIdle {
  const clients = inject(IDLE_CLIENTS, { optional: true }) ?? [];
  const client = clients.find((candidate) => clientName === undefined || candidate.clientName === clientName);
  if (client) return client.idle;
  throw new ConfigurationError(
    'missing_option',
    typeof ngDevMode === 'undefined' || ngDevMode
      ? 'No client has an idle time. Add withIdle({ warnAfter, endAfter }) to provideAuth().'
      : 'withIdle',
  );
}
