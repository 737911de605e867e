import type { AccessTokenVerifier, AccessTokenVerifierOptions } from '@countersign/core/resource-server';
import { ConfigurableModuleBuilder } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, ModulesContainer } from '@nestjs/core';
import { AccessTokenErrorFilter } from './errors/access-token-error.filter.ts';
import { AccessTokenGuard } from './guard/access-token.guard.ts';
import type { GuardOptions } from './guard-options.ts';
import { ConnectionHookInstaller } from './handlers/connection-hooks.ts';
import { GUARDS_EVERYTHING } from './handlers/coverage.ts';
import { DESCRIBED_ROUTES, describeDeclaredRoutes } from './handlers/described-routes.ts';
import { ContextBinder } from './handlers/graphql/bind-contexts.ts';
import { SubscriptionTracker } from './handlers/graphql/track-subscriptions.ts';
import { prepareGrpcStreams } from './handlers/grpc/prepare-grpc-streams.ts';
import { GuardInstaller } from './handlers/guard-installer.ts';
import { RunningHandlerInstaller } from './handlers/running-handlers.ts';
import { StartupCheck } from './handlers/startup/startup-check.ts';
import { GRPC_STREAMS } from './injection-tokens.ts';

/**
 * Options of `AuthModule.forRoot()`: the options of the guard, and either the options of the verifier or a verifier of
 * the application.
 */
export type AuthModuleOptions = GuardOptions &
  (
    | (AccessTokenVerifierOptions & { readonly verifier?: undefined })
    | { readonly verifier: AccessTokenVerifier }
  );

/** Options of `forRoot()` and `forRootAsync()` for the module itself. */
export interface AuthModuleExtras {
  /** Whether other modules can inject the exported providers without importing the module. Default: true. */
  isGlobal?: boolean | undefined;
  /**
   * Whether `AccessTokenGuard` is applied to every handler of the application. With `false`, no handler is guarded until
   * you apply the guard. The application does not start if a handler whose decorators require a token has no guard.
   * Other handlers without the guard accept every request; `accessReport()` lists them as `unguarded`. Default: true.
   */
  globalGuard?: boolean | undefined;
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
        StartupCheck,
        { provide: GRPC_STREAMS, inject: [ModulesContainer], useFactory: prepareGrpcStreams },
        ContextBinder,
        SubscriptionTracker,
        RunningHandlerInstaller,
        ConnectionHookInstaller,
        ...(extras.globalGuard === false
          ? [{ provide: DESCRIBED_ROUTES, inject: [ModulesContainer], useFactory: describeDeclaredRoutes }]
          : [
              { provide: APP_GUARD, useExisting: AccessTokenGuard },
              { provide: GUARDS_EVERYTHING, useClass: GuardInstaller },
            ]),
      ],
    }))
    .build();
