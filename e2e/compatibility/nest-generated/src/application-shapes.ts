import 'reflect-metadata';
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  ACCESS_TOKEN_VERIFIER,
  type AccessTokenVerifier,
  AuthModule,
  accessTokenCors,
  getPrincipal,
  Policy,
  type PolicyProvider,
  Protected,
  Public,
  type VerifiedAccessToken,
} from '@countersign/nest';
import { createTestAuthorizationServer } from '@countersign/testing';
import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  type INestApplication,
  Inject,
  Injectable,
  Module,
  type NestInterceptor,
  Scope,
  UseFilters,
  UseInterceptors,
  VersioningType,
} from '@nestjs/common';
import { HttpAdapterHost, NestFactory, REQUEST } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { map } from 'rxjs';

const audience = 'https://api.example.test/a/b/c/d';
const origin = 'https://app.example.test';

@Injectable({ scope: Scope.REQUEST })
class Tenant {
  readonly name: unknown;

  constructor(@Inject(REQUEST) request: { headers: Record<string, unknown> }) {
    this.name = request.headers['x-tenant'];
  }
}

/** Has a request-scoped dependency. */
@Injectable()
class TenantPolicy implements PolicyProvider {
  constructor(private readonly tenant: Tenant) {}

  allows({ sub }: VerifiedAccessToken): boolean {
    return this.tenant.name === `tenant of ${sub}`;
  }
}

/** The filter that the documentation of Nest shows. */
@Catch()
class CatchEverythingFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const status = exception instanceof HttpException ? exception.getStatus() : 500;
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { caught: status }, status);
  }
}

@Injectable()
class AuditInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map(() => ({ caller: getPrincipal(context)?.sub })));
  }
}

@Controller('items')
class ItemsController {
  constructor(@Inject(ACCESS_TOKEN_VERIFIER) private readonly verifier: AccessTokenVerifier) {}

  @Policy(TenantPolicy)
  @Get('tenant')
  tenant() {
    return { text: 'tenant' };
  }

  @UseFilters(CatchEverythingFilter)
  @Get('denied')
  denied() {
    throw this.verifier.createAccessDeniedError('Not on Sundays');
  }

  @UseInterceptors(AuditInterceptor)
  @Get('audited')
  audited() {
    return {};
  }
}

@Public()
class OpenController {
  @Get()
  list() {
    return { text: 'list' };
  }
}

@Controller('open')
class InheritedController extends OpenController {}

@Protected()
@Controller('closed')
class ClosedController extends OpenController {}

/** Tests applications with a prefix, versions, CORS, and a filter for all exceptions. */
export function testApplicationShapes(): void {
  for (const [name, createAdapter] of [
    ['Express', () => new ExpressAdapter()],
    ['Fastify', () => new FastifyAdapter()],
  ] as const) {
    describe(`an application on ${name} with a prefix, versions, CORS and a filter`, () => {
      let app: INestApplication;
      let url: string;
      let mint: Awaited<ReturnType<typeof createTestAuthorizationServer>>['mintAccessToken'];
      let isUserServiceDown = false;
      beforeEach(() => {
        isUserServiceDown = false;
      });

      before(async () => {
        const server = await createTestAuthorizationServer({ resources: [audience] });
        mint = server.mintAccessToken;
        @Module({
          imports: [
            AuthModule.forRoot({
              issuer: server.issuer,
              audience,
              fetch: server.fetch,
              now: server.clock.now,
              protectedResource: { resource: audience },
              validate: async () => {
                if (isUserServiceDown)
                  throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
              },
            }),
          ],
          controllers: [ItemsController, InheritedController, ClosedController],
          providers: [Tenant, TenantPolicy, CatchEverythingFilter, AuditInterceptor],
        })
        class ShapesModule {}
        app = await NestFactory.create(ShapesModule, createAdapter(), { logger: false, abortOnError: false });
        app.setGlobalPrefix('api');
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
        app.enableCors(accessTokenCors({ origin }));
        app.useGlobalFilters(new CatchEverythingFilter(app.get(HttpAdapterHost)));
        await app.listen(0, '127.0.0.1');
        url = await app.getUrl();
      });
      after(() => app.close());

      const call = async (path: string, authorization?: string, headers: Record<string, string> = {}) => {
        const response = await fetch(url + path, {
          headers: { ...headers, ...(authorization !== undefined && { authorization }) },
        });
        const body = (await response.json()) as Record<string, unknown>;
        return { status: response.status, body, headers: response.headers };
      };
      const getBearer = async () => `Bearer ${await mint({ sub: 'alice' })}`;

      test('a policy with a request-scoped dependency decides about each request', async () => {
        const bearer = await getBearer();
        const send = (tenant: string) => call('/api/v1/items/tenant', bearer, { 'x-tenant': tenant });
        assert.equal((await send('tenant of alice')).status, 200);
        assert.equal((await send('tenant of bob')).status, 403);
      });

      test('a filter for all exceptions receives the status of a denial and of a rejection', async () => {
        const denied = await call('/api/v1/items/denied', await getBearer());
        assert.deepEqual([denied.status, denied.body], [403, { caught: 403 }]);
        const rejected = await call('/api/v1/items/denied');
        assert.deepEqual([rejected.status, rejected.body], [401, { caught: 401 }]);
        assert.match(rejected.headers.get('www-authenticate') ?? '', /^Bearer/);
      });

      test('the metadata of the resource is served where challenges name it', async () => {
        const { headers } = await call('/api/v1/items/audited');
        const path = '/.well-known/oauth-protected-resource/a/b/c/d';
        assert.ok(headers.get('www-authenticate')?.includes(`"https://api.example.test${path}"`));
        const { status, body } = await call(path);
        assert.deepEqual([status, body.resource], [200, audience]);
      });

      test('a page of another origin reads the challenge, and a preflight needs no token', async () => {
        const { headers } = await call('/api/v1/items/audited', undefined, { origin });
        assert.equal(headers.get('access-control-allow-origin'), origin);
        assert.match(headers.get('access-control-expose-headers') ?? '', /WWW-Authenticate/i);
        const preflight = await fetch(`${url}/api/v1/items/audited`, {
          method: 'OPTIONS',
          headers: { origin, 'access-control-request-method': 'GET' },
        });
        assert.equal(preflight.status, 204);
      });

      test('an interceptor reads the principal', async () => {
        const { body } = await call('/api/v1/items/audited', await getBearer());
        assert.deepEqual(body, { caller: 'alice' });
      });

      test('@Protected() closes a class that extends a @Public() class', async () => {
        assert.equal((await call('/api/v1/open')).status, 200);
        assert.equal((await call('/api/v1/closed')).status, 401);
        assert.equal((await call('/api/v1/closed', await getBearer())).status, 200);
      });

      test('an outage in the check of the application is 503, and a malformed token is 401', async () => {
        const bearer = await getBearer();
        isUserServiceDown = true;
        assert.equal((await call('/api/v1/items/audited', bearer)).status, 503);
        // Padding is valid in a token (RFC 6750 section 2.1).
        const { status, headers } = await call('/api/v1/items/audited', 'Bearer abc===');
        assert.equal(status, 401);
        assert.match(headers.get('www-authenticate') ?? '', /error="invalid_token"/);
      });
    });
  }
}
