import { Controller, Get, Inject } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { describe, expect, test } from 'vitest';
import { accessReport, Public, RequireScopes } from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

let isUp = true;

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {}

  @Get('private')
  checkPrivate() {
    return this.check();
  }

  @RequireScopes('health:read')
  @Get('scoped')
  checkScoped() {
    return this.check();
  }

  @Public()
  @Get('public')
  checkPublic() {
    return this.check();
  }

  private check() {
    const indicator = this.indicators.check('database');
    return this.health.check([() => (isUp ? indicator.up() : indicator.down())]);
  }
}

describe.each(adapters)('@nestjs/terminus on %s', (adapter) => {
  const start = () => startApp({ imports: [TerminusModule], controllers: [HealthController] }, { adapter });

  test('a health check requires a token, or @Public()', async () => {
    isUp = true;
    const { app, call, mint } = await start();
    expect((await call('/health/private')).status).toBe(401);
    expect((await call('/health/scoped', await mint())).status).toBe(403);
    expect(await call('/health/private', await mint())).toMatchObject({
      status: 200,
      body: { status: 'ok' },
    });
    expect(await call('/health/public')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(accessReport(app).map(({ entry, requirement }) => [entry, requirement.access])).toEqual([
      ['GET /health/private', 'protected'],
      ['GET /health/public', 'public'],
      ['GET /health/scoped', 'protected'],
    ]);
  });

  test('a failed health check keeps its response, which contains no details for an anonymous caller', async () => {
    isUp = false;
    const { call, mint } = await start();
    const failed = { status: 503, body: { status: 'error', error: { database: { status: 'down' } } } };
    expect(await call('/health/public')).toMatchObject({ ...failed, challenge: null });
    expect(await call('/health/private', await mint())).toMatchObject(failed);
    const rejected = await call('/health/private');
    expect(rejected.status).toBe(401);
    expect(JSON.stringify(rejected.body)).not.toContain('database');
  });
});
