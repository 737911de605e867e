import type { AccessTokenVerifier, AccessTokenVerifierOptions } from '@countersign/core/resource-server';
import { ConfigurableModuleBuilder } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { AccessTokenErrorFilter } from './errors/access-token-error.filter.ts';
import { AccessTokenGuard } from './guard/access-token.guard.ts';
import type { GuardOptions } from './guard-options.ts';
import { GUARDS_EVERYTHING } from './handlers/coverage.ts';
import { GuardedHandlers } from './handlers/guard-installer.ts';
import { HandlerCheck } from './handlers/startup-check.ts';

/** Options of `AuthModule.forRoot()`: those of the verifier, or a verifier of your own. */
export type AuthModuleOptions = GuardOptions &
  ((AccessTokenVerifierOptions & { readonly verifier?: never }) | { readonly verifier: AccessTokenVerifier });

/** What `forRoot()` and `forRootAsync()` take besides the options. */
export interface AuthModuleExtras {
  /** Default: true. The guard's parts can be injected everywhere without importing the module again. */
  isGlobal?: boolean;
  /**
   * Default: true. `false` leaves it to you to apply `AccessTokenGuard`: then nothing is guarded until you do. A handler
   * whose decorators ask for a token and to which the guard is not applied stops the start.
   */
  globalGuard?: boolean;
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<AuthModuleOptions>({ moduleName: 'CountersignAuth' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createAuthOptions')
    .setExtras<AuthModuleExtras>({ isGlobal: true, globalGuard: true }, (definition, extras) => ({
      ...definition,
      global: extras.isGlobal !== false,
      providers: [
        ...(definition.providers ?? []),
        { provide: APP_FILTER, useClass: AccessTokenErrorFilter },
        HandlerCheck,
        ...(extras.globalGuard === false
          ? []
          : [
              { provide: APP_GUARD, useExisting: AccessTokenGuard },
              { provide: GUARDS_EVERYTHING, useClass: GuardedHandlers },
            ]),
      ],
    }))
    .build();
