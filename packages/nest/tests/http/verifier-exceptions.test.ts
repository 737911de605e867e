import {
  AccessTokenError,
  type AccessTokenVerifier,
  TransportError,
} from '@countersign/core/resource-server';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  Inject,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  Query,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { describe, expect, test } from 'vitest';
import { ACCESS_TOKEN_VERIFIER, AccessTokenException, Public } from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

/** The filter that the documentation of Nest shows: it responds with 500 to every exception that is not an HttpException. */
@Catch()
class CatchEverythingFilter implements ExceptionFilter {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const status = exception instanceof HttpException ? exception.getStatus() : 500;
    const body = exception instanceof HttpException ? exception.getResponse() : { statusCode: 500 };
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), body, status);
  }
}

/** Uses the verifier like the code of an application. */
@Injectable()
class Checks {
  constructor(@Inject(ACCESS_TOKEN_VERIFIER) private readonly verifier: AccessTokenVerifier) {}

  deny(): never {
    throw this.verifier.createAccessDeniedError('Not on Sundays');
  }

  async verify(token: string): Promise<void> {
    await this.verifier.verify({ headers: { authorization: `Bearer ${token}` } });
  }

  async requireScope(token: string): Promise<void> {
    const request = await this.verifier.verifyOptional({ headers: { authorization: `Bearer ${token}` } });
    if (request) this.verifier.authorize(request, { scopes: ['items:write'] });
  }

  async verifyToken(token: string): Promise<void> {
    await this.verifier.verifyToken(token);
  }
}

@Injectable()
class DenyingGuard implements CanActivate {
  constructor(@Inject(Checks) private readonly checks: Checks) {}

  canActivate(_context: ExecutionContext): boolean {
    return this.checks.deny();
  }
}

@Injectable()
class DenyingInterceptor implements NestInterceptor {
  constructor(@Inject(Checks) private readonly checks: Checks) {}

  intercept(_context: ExecutionContext, _next: CallHandler): never {
    return this.checks.deny();
  }
}

@Injectable()
class DenyingPipe implements PipeTransform {
  constructor(@Inject(Checks) private readonly checks: Checks) {}

  transform(): never {
    return this.checks.deny();
  }
}

class BaseController {
  constructor(@Inject(Checks) readonly checks: Checks) {}

  @Get('handler')
  handler() {
    this.checks.deny();
  }

  @UseGuards(DenyingGuard)
  @Get('guard')
  guard() {}

  @UseInterceptors(DenyingInterceptor)
  @Get('interceptor')
  interceptor() {}

  @Get('pipe')
  pipe(@Query('value', DenyingPipe) value: string) {
    return value;
  }

  @Public()
  @Get('verify')
  async verify(@Query('token') token: string) {
    await this.checks.verify(token);
  }

  @Public()
  @Get('scope')
  async scope(@Query('token') token: string) {
    await this.checks.requireScope(token);
  }

  @Public()
  @Get('verify-token')
  async verifyToken(@Query('token') token: string) {
    await this.checks.verifyToken(token);
  }
}

@Controller('plain')
class PlainController extends BaseController {}

@UseFilters(CatchEverythingFilter)
@Controller('filtered')
class FilteredController extends BaseController {}

const providers = [Checks, DenyingGuard, DenyingInterceptor, DenyingPipe];
const denied = { status: 403, body: { statusCode: 403, error: 'Forbidden', message: 'Not on Sundays' } };

describe.each(adapters)('exceptions of the verifier on %s', (adapter) => {
  describe.each([
    ['the filter of the module', '/plain', {}],
    ['a filter of the controller that catches everything', '/filtered', {}],
    ['a filter of the application that catches everything', '/plain', { isGlobal: true }],
    ['a filter provider that catches everything', '/plain', { isProvider: true }],
  ])('with %s', (_, path, { isGlobal, isProvider }: { isGlobal?: boolean; isProvider?: boolean }) => {
    const start = () =>
      startApp(
        {
          controllers: [PlainController, FilteredController],
          providers: [
            ...providers,
            ...(isProvider ? [{ provide: APP_FILTER, useClass: CatchEverythingFilter }] : []),
          ],
        },
        {
          adapter,
          before: (app) =>
            void (isGlobal && app.useGlobalFilters(new CatchEverythingFilter(app.get(HttpAdapterHost)))),
        },
      );

    test('responds with 403 to a denial by a handler, guard, interceptor and pipe', async () => {
      const { call, mint } = await start();
      const token = await mint();
      for (const place of ['handler', 'guard', 'interceptor', 'pipe'])
        expect(await call(`${path}/${place}?value=x`, token), place).toMatchObject(denied);
    });

    test('responds with the status of a check that the application makes', async () => {
      const { call, mint, server } = await start();
      const token = await mint({ scope: 'items:read' });
      const invalid = { status: 401, challenge: expect.stringMatching(/^Bearer error="invalid_token"/) };
      expect(await call(`${path}/verify?token=x.y.z`)).toMatchObject(invalid);
      expect(await call(`${path}/verify-token?token=x.y.z`)).toMatchObject(invalid);
      expect(await call(`${path}/scope?token=${token}`)).toMatchObject({
        status: 403,
        challenge: expect.stringMatching(/^Bearer error="insufficient_scope".* scope="items:write"/),
      });
      server.clock.advance(86_400);
      expect(await call(`${path}/verify?token=${token}`)).toMatchObject({ status: 401 });
    });

    test('responds with 503 while the keys are unavailable', async () => {
      const { call, mint, server } = await start();
      server.fail('jwks', { status: 503, times: 10 });
      const { status, headers } = await call(`${path}/verify?token=${await mint()}`);
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toMatch(/^[1-9][0-9]*$/);
    });
  });
});

test('the outage of another client is not reported as an outage of tokens', async () => {
  @Controller('other')
  class OtherController {
    @Public()
    @Get()
    fail() {
      throw new TransportError('server_error', 'The orders are unavailable', { retryAfter: 7 });
    }
  }
  const { call } = await startApp({ controllers: [OtherController] });
  const { status, headers, body } = await call('/other');
  expect([status, headers.get('retry-after')]).toEqual([500, null]);
  expect(body).toEqual({ statusCode: 500, message: 'Internal server error' });
});

test('an exception of the injected verifier is an exception of Nest and an error of the verifier', async () => {
  const { app } = await startApp({});
  const verifier = app.get<AccessTokenVerifier>(ACCESS_TOKEN_VERIFIER);
  const error: unknown = await verifier
    .verify({ headers: { authorization: 'Bearer x.y.z' } })
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AccessTokenException);
  expect(error).toBeInstanceOf(HttpException);
  expect(error).toBeInstanceOf(AccessTokenError);
  expect(error).not.toBeInstanceOf(TransportError);
  expect(error).toMatchObject({ code: 'invalid_token', status: 401, headers: {} });
  expect((error as AccessTokenError).challenges[0]).toMatch(/^Bearer error="invalid_token"/);
});
