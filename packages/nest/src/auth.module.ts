import { createAccessTokenVerifier } from '@countersign/core/api';
import { Module } from '@nestjs/common';
import { AccessTokenGuard } from './access-token.guard.ts';
import { type AuthModuleOptions, ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './auth-options.ts';
import { ACCESS_TOKEN_VERIFIER, RESPONSE_OPTIONS } from './tokens.ts';

/**
 * Guards every handler of the application: without a valid access token nothing runs, unless it says `@Public()`.
 *
 * @see RFC 9068, RFC 6750
 */
@Module({
  providers: [
    AccessTokenGuard,
    {
      provide: ACCESS_TOKEN_VERIFIER,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: AuthModuleOptions) => options.verifier ?? createAccessTokenVerifier(options),
    },
    {
      provide: RESPONSE_OPTIONS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: ({ errorFormat = 'nest' }: AuthModuleOptions) => ({ errorFormat }),
    },
  ],
  exports: [AccessTokenGuard, ACCESS_TOKEN_VERIFIER, RESPONSE_OPTIONS],
})
export class AuthModule extends ConfigurableModuleClass {}
