import {
  type AccessTokenVerifier,
  type AuthEvent,
  createAccessTokenVerifier,
} from '@countersign/core/resource-server';
import { Inject, Logger, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type AuthModuleOptions, ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './auth-options.ts';
import { AccessTokenGuard } from './guard/access-token.guard.ts';
import { Authenticator } from './guard/authenticator.ts';
import { ConnectionAuthenticator } from './guard/connection-authenticator.ts';
import type { GuardOptions } from './guard-options.ts';
import { ProtectedResourceMetadataController } from './http/protected-resource-metadata.controller.ts';
import { ACCESS_TOKEN_VERIFIER, GUARD_OPTIONS } from './injection-tokens.ts';

/**
 * Guards every handler of the application: without a valid access token nothing runs, unless it says `@Public()`.
 *
 * `forRoot()` and `forRootAsync()` make the verifier when the application starts.
 *
 * @throws ConfigurationError when an option is missing or wrong
 * @see RFC 9068, RFC 6750
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
        options.verifier ??
        createAccessTokenVerifier({ ...options, onEvent: options.onEvent ?? createEventLog() }),
    },
    {
      provide: Authenticator,
      inject: [ACCESS_TOKEN_VERIFIER, MODULE_OPTIONS_TOKEN],
      useFactory: (verifier: AccessTokenVerifier, options: AuthModuleOptions) =>
        new Authenticator(verifier, options.verifier ? undefined : options.now),
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
    keepOneMetadataRoute(modules, verifier);
  }
}

type ModuleInstance = ModulesContainer extends Map<string, infer Value> ? Value : never;

/**
 * Removes the metadata route of a module without metadata, and of all but one with them, before Nest makes the routes:
 * Fastify does not start with a route that two modules have, and Express would ask the first one only.
 */
function keepOneMetadataRoute(modules: ModulesContainer, verifier: AccessTokenVerifier): void {
  const verifierOf = ({ providers }: ModuleInstance) =>
    providers.get(ACCESS_TOKEN_VERIFIER)?.instance as AccessTokenVerifier | undefined;
  const serving = [...modules.values()].filter(({ controllers }) =>
    controllers.has(ProtectedResourceMetadataController),
  );
  const own = serving.find((module) => verifierOf(module) === verifier);
  const isServed = serving.some((module) => module !== own && verifierOf(module)?.metadata !== undefined);
  if (!verifier.metadata || isServed) own?.controllers.delete(ProtectedResourceMetadataController);
}

/** Without a listener of the application, Nest's log gets what an operator must know. No event carries a token. */
function createEventLog(): (event: AuthEvent) => void {
  const logger = new Logger('AuthModule');
  return (event) => {
    if (event.type === 'keys.failed') logger.warn(`The keys of ${event.issuer} cannot be had: ${event.code}`);
    else if (event.type === 'token.rejected') {
      logger.debug(
        `Refused: ${event.code} (${event.check ?? '-'})${event.reason ? `: ${event.reason}` : ''}`,
      );
    } else if (event.type === 'token.unavailable') {
      // With a reason it is the application's own check that failed, and its developer must know.
      if (event.reason) logger.warn(`An access token could not be checked: ${event.reason}`);
      else logger.debug(`An access token could not be verified: ${event.code}`);
    }
  };
}
