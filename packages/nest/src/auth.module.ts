import { type AccessTokenVerifier, createAccessTokenVerifier } from '@countersign/core/resource-server';
import { Inject, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type AuthModuleOptions, ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './auth-options.ts';
import { createExceptionVerifier, getInnerVerifier } from './errors/exception-verifier.ts';
import { createEventLog } from './event-log.ts';
import { AccessTokenGuard } from './guard/access-token.guard.ts';
import { Authenticator } from './guard/authenticator.ts';
import { ConnectionAuthenticator } from './guard/connection-authenticator.ts';
import type { GuardOptions } from './guard-options.ts';
import { ProtectedResourceMetadataController } from './http/protected-resource-metadata.controller.ts';
import { ACCESS_TOKEN_VERIFIER, GUARD_OPTIONS } from './injection-tokens.ts';

/**
 * Protects every handler of the application: a request without a valid access token is rejected, unless the handler is
 * `@Public()` or `@OptionalAuth()`.
 *
 * Configure it with `forRoot()` or `forRootAsync()`. Both create the verifier when the application starts. Without
 * `onEvent`, failures are written to Nest's log.
 *
 * @throws ConfigurationError if an option is missing or invalid, or `unguarded_handler` if no guard enforces an access
 *   decorator
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-4
 * @see https://www.rfc-editor.org/rfc/rfc6750
 * @example
 * ```ts
 * @Module({
 *   imports: [AuthModule.forRoot({ issuer: 'https://login.example.com', audience: 'https://api.example.com' })],
 * })
 * class AppModule {}
 * ```
 */
@Module({
  controllers: [ProtectedResourceMetadataController],
  providers: [
    AccessTokenGuard,
    ConnectionAuthenticator,
    {
      provide: ACCESS_TOKEN_VERIFIER,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: AuthModuleOptions) =>
        createExceptionVerifier(
          options.verifier ??
            createAccessTokenVerifier({ ...options, onEvent: options.onEvent ?? createEventLog() }),
          options,
        ),
    },
    {
      provide: Authenticator,
      inject: [ACCESS_TOKEN_VERIFIER, MODULE_OPTIONS_TOKEN],
      useFactory: (verifier: AccessTokenVerifier, options: AuthModuleOptions) =>
        new Authenticator(getInnerVerifier(verifier), options.verifier ? undefined : options.now),
    },
    {
      provide: GUARD_OPTIONS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: AuthModuleOptions): GuardOptions => options,
    },
  ],
  exports: [AccessTokenGuard, Authenticator, ConnectionAuthenticator, ACCESS_TOKEN_VERIFIER, GUARD_OPTIONS],
})
export class AuthModule extends ConfigurableModuleClass {
  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier,
  ) {
    super();
    removeExtraMetadataRoute(modules, verifier);
  }
}

type ModuleInstance = ModulesContainer extends Map<string, infer Value> ? Value : never;

/**
 * Removes the metadata route of a module without metadata, and of all modules but one with metadata. This runs before
 * Nest creates the routes: Fastify does not start with a duplicate route, and Express would use the first one only.
 */
function removeExtraMetadataRoute(modules: ModulesContainer, verifier: AccessTokenVerifier): void {
  const findVerifier = ({ providers }: ModuleInstance) =>
    providers.get(ACCESS_TOKEN_VERIFIER)?.instance as AccessTokenVerifier | undefined;
  const servingModules = [...modules.values()].filter(({ controllers }) =>
    controllers.has(ProtectedResourceMetadataController),
  );
  const thisModule = servingModules.find((module) => findVerifier(module) === verifier);
  const isServed = servingModules.some(
    (module) => module !== thisModule && findVerifier(module)?.metadata !== undefined,
  );
  if (!verifier.metadata || isServed) thisModule?.controllers.delete(ProtectedResourceMetadataController);
}
