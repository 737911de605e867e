import { Controller, Get, Inject, Module } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import {
  ACCESS_TOKEN_VERIFIER,
  type AccessTokenVerifier,
  type AuthModuleExtras,
  type AuthModuleOptions,
} from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

/** The options that have a default, as an application passes them that reads each one from its settings. */
const undefinedOptions = {
  isGlobal: undefined,
  globalGuard: undefined,
  verifier: undefined,
  errorFormat: undefined,
  rpcCredentials: undefined,
  onRejectedMessage: undefined,
  onEvent: undefined,
  dpop: undefined,
  mtls: undefined,
  requireBinding: undefined,
  protectedResource: undefined,
  clockTolerance: undefined,
  allowInsecureIssuer: undefined,
} satisfies Partial<AuthModuleOptions> & AuthModuleExtras;

@Controller('items')
class ItemsController {
  constructor(@Inject(ACCESS_TOKEN_VERIFIER) private readonly verifier: AccessTokenVerifier) {}

  @Get()
  list() {
    return { accepted: this.verifier.statistics().accepted };
  }
}

/** Injects the verifier, and does not import `AuthModule`. */
@Module({ controllers: [ItemsController] })
class ItemsModule {}

describe.each(adapters)('options that are undefined on %s', (adapter) => {
  test('have their defaults: every handler is guarded, and the verifier can be injected', async () => {
    const { call, mint } = await startApp({ imports: [ItemsModule] }, { adapter, auth: undefinedOptions });
    expect(await call('/items')).toMatchObject({
      status: 401,
      body: { statusCode: 401, error: 'Unauthorized' },
    });
    expect(await call('/items', await mint())).toMatchObject({ status: 200, body: { accepted: 1 } });
  });
});
