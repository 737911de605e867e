import { getPrincipalKey, Principal, Public } from '@countersign/nest';
import { CacheInterceptor } from '@nestjs/cache-manager';
import { Controller, type ExecutionContext, Get, Inject, Injectable, UseInterceptors } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { SkipThrottle, Throttle, ThrottlerGuard } from '@nestjs/throttler';
import { ClsService } from 'nestjs-cls';

/** Handlers that have no further code for the packages. */
@SkipThrottle()
@Controller('api')
export class PlainController {
  constructor(
    @Inject(ClsService) private readonly cls: ClsService,
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {}

  @Get('health')
  checkHealth() {
    return this.health.check([() => this.indicators.check('database').up()]);
  }

  @Get('context')
  async readContext() {
    await new Promise(setImmediate);
    return { hasId: this.cls.getId() !== undefined, sub: this.cls.get<string | undefined>('sub') };
  }

  @Public()
  @UseInterceptors(CacheInterceptor)
  @Get('cached')
  cached() {
    return { text: 'cached' };
  }

  @SkipThrottle({ default: false })
  @Throttle({ default: { limit: 2, ttl: 60_000 } })
  @Get('limited')
  limited() {
    return {};
  }
}

/** Adds the user to the key. */
@Injectable()
export class UserCacheInterceptor extends CacheInterceptor {
  protected override trackBy(context: ExecutionContext) {
    const key = super.trackBy(context);
    return key && `${getPrincipalKey(context)} ${key}`;
  }
}

/** Limits each user, and anonymous requests by their address. */
@Injectable()
export class UserThrottlerGuard extends ThrottlerGuard {
  protected override async getTracker(request: { ip: string }) {
    return getPrincipalKey(request) ?? request.ip;
  }
}

/** The document of `@nestjs/swagger`. It exists when all handlers exist. */
export const openApi: { document?: OpenAPIObject } = {};

/** Handlers with the lines of the documentation. */
@SkipThrottle()
@Controller('api')
export class DocumentedController extends PlainController {
  @Public()
  @Get('health/open')
  checkOpenHealth() {
    return this.checkHealth();
  }

  @UseInterceptors(UserCacheInterceptor)
  @Get('profile')
  profile(@Principal('sub') sub: string) {
    return { sub };
  }

  @Get('openapi.json')
  readDocument() {
    return openApi.document;
  }
}
