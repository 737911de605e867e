import { type AccessTokenVerifier, createAccessTokenVerifier } from '@countersign/core/resource-server';
import { Module } from '@nestjs/common';
import { type AuthModuleOptions, ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './auth-options.ts';
import { warnAboutCopies } from './errors/copies.ts';
import { createExceptionVerifier, getInnerVerifier } from './errors/exception-verifier.ts';
import { resetLogLimit } from './errors/limited-log.ts';
import { RejectionHeaders } from './errors/rejection-headers.ts';
import { createEventLog } from './event-log.ts';
import { AccessTokenGuard } from './guard/access-token.guard.ts';
import { Authenticator } from './guard/authenticator.ts';
import { ConnectionAuthenticator } from './guard/connection-authenticator.ts';
import { EntityAccess } from './guard/entity-access.ts';
import { CurrentPrincipal } from './guard/principal.ts';
import { checkGuardOptions, type GuardOptions } from './guard-options.ts';
import { MetadataRoute } from './http/metadata-route.ts';
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
  providers: [
    AccessTokenGuard,
    ConnectionAuthenticator,
    CurrentPrincipal,
    EntityAccess,
    MetadataRoute,
    RejectionHeaders,
    {
      provide: ACCESS_TOKEN_VERIFIER,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory(options: AuthModuleOptions) {
        const verifier =
          options.verifier ??
          createAccessTokenVerifier({ ...options, onEvent: options.onEvent ?? createEventLog() });
        warnAboutCopies(verifier);
        resetLogLimit();
        return createExceptionVerifier(verifier, options);
      },
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
      useFactory: (options: AuthModuleOptions): GuardOptions => checkGuardOptions(options),
    },
  ],
  exports: [
    AccessTokenGuard,
    Authenticator,
    ConnectionAuthenticator,
    CurrentPrincipal,
    EntityAccess,
    ACCESS_TOKEN_VERIFIER,
    GUARD_OPTIONS,
  ],
})
export class AuthModule extends ConfigurableModuleClass {}
