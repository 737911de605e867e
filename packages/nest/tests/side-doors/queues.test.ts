import { BullModule, InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Controller, Inject, Post, Scope, UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { type Job, type Queue, QueueEvents } from 'bullmq';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findProgram, redis } from '../../../../scripts/lib/programs/system-packages.ts';
import {
  AccessTokenGuard,
  AuthModule,
  accessReport,
  CurrentPrincipal,
  Principal,
  RequireScopes,
} from '../../src/index.ts';
import { adapters, audience, startApp } from '../support/start/start-app.ts';
import { type Program, startProgram } from '../support/start/start-program.ts';

const host = '127.0.0.1';
let server: Program;
beforeAll(async () => {
  server = await startProgram(findProgram(redis) ?? 'redis-server', (port) => [
    ...['--port', String(port), '--bind', host],
    ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
  ]);
});
afterAll(() => server?.stop());

const createModules = () => [
  BullModule.forRoot({ connection: { host, port: server.port } }),
  BullModule.registerQueue({ name: 'reports' }),
];

interface ReportJob {
  readonly sub: string;
}

@Controller('reports')
class ReportsController {
  constructor(@InjectQueue('reports') private readonly queue: Queue<ReportJob>) {}

  @RequireScopes('reports:write')
  @Post()
  async create(@Principal('sub') sub: string) {
    const { id } = await this.queue.add('report', { sub });
    return { id };
  }
}

test.each(adapters)(
  '@nestjs/bullmq: a job of %s runs without a guard, with the user that the guarded handler passed as data',
  async (adapter) => {
    @Processor({ name: 'reports', scope: Scope.REQUEST })
    class ReportsProcessor extends WorkerHost {
      constructor(@Inject(CurrentPrincipal) private readonly principal: CurrentPrincipal) {
        super();
      }

      async process({ data }: Job<ReportJob>) {
        return `report of ${data.sub}, principal ${this.principal.value?.sub}`;
      }
    }
    const { app, call, mint } = await startApp(
      { imports: createModules(), controllers: [ReportsController], providers: [ReportsProcessor] },
      { adapter },
    );
    const events = new QueueEvents('reports', { connection: { host, port: server.port } });
    await events.waitUntilReady();
    const completed = new Promise<string>((resolve) =>
      events.once('completed', ({ returnvalue }) => resolve(String(returnvalue))),
    );
    expect((await call('/reports', undefined, { method: 'POST' })).status).toBe(401);
    expect((await call('/reports', await mint(), { method: 'POST' })).status).toBe(403);
    const token = await mint({ scope: 'reports:write' });
    expect((await call('/reports', token, { method: 'POST' })).status).toBe(201);
    expect(await completed).toBe('report of alice, principal undefined');
    await events.close();
    expect(accessReport(app).map(({ handler }) => handler)).toEqual(['ReportsController.create']);
  },
);

const decorateParameter = (target: object, name?: string | symbol, _?: PropertyDescriptor) =>
  Principal()(target, name, 0);

test.each([
  ['a requirement on the class', RequireScopes('a'), true],
  ['a requirement on the method', RequireScopes('a'), false],
  ['the guard on the class', UseGuards(AccessTokenGuard), true],
  ['the guard on the method', UseGuards(AccessTokenGuard), false],
  ['a parameter of the user on the method', decorateParameter, false],
])(
  'N13: @nestjs/bullmq: the application does not start with %s of a processor',
  async (_, decorate, isOnClass) => {
    class ReportsProcessor extends WorkerHost {
      async process() {}
    }
    Processor('reports')(ReportsProcessor);
    const { prototype } = ReportsProcessor;
    const method = Object.getOwnPropertyDescriptor(prototype, 'process') as PropertyDescriptor;
    if (isOnClass) decorate(ReportsProcessor);
    else decorate(prototype, 'process', method);
    const auth = AuthModule.forRoot({ issuer: 'https://login.example.com', audience });
    const module = await Test.createTestingModule({
      imports: [auth, ...createModules()],
      providers: [ReportsProcessor],
    }).compile();
    const error = (await module.init().catch((thrown: unknown) => thrown)) as Error;
    // Nest keeps the worker of an application that did not start.
    await module.close();
    expect(error).toMatchObject({ code: 'unguarded_handler' });
    expect(error.message).toContain('ReportsProcessor');
  },
);
