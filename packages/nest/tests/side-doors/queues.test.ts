import { BullModule, InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Controller, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { type Job, type Queue, QueueEvents } from 'bullmq';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findProgram, redis } from '../../../../scripts/lib/system-packages.ts';
import { AuthModule, accessReport, Principal, RequireScopes } from '../../src/index.ts';
import { audience, startApp } from '../support/start-app.ts';
import { type Program, startProgram } from '../support/start-program.ts';

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

test('@nestjs/bullmq: a job runs without a guard, with the user that the guarded handler passed as data', async () => {
  @Processor('reports')
  class ReportsProcessor extends WorkerHost {
    async process({ data }: Job<ReportJob>) {
      return `report of ${data.sub}`;
    }
  }
  const { app, call, mint } = await startApp({
    imports: createModules(),
    controllers: [ReportsController],
    providers: [ReportsProcessor],
  });
  const events = new QueueEvents('reports', { connection: { host, port: server.port } });
  await events.waitUntilReady();
  const completed = new Promise<string>((resolve) =>
    events.once('completed', ({ returnvalue }) => resolve(String(returnvalue))),
  );
  expect((await call('/reports', undefined, { method: 'POST' })).status).toBe(401);
  expect((await call('/reports', await mint(), { method: 'POST' })).status).toBe(403);
  const token = await mint({ scope: 'reports:write' });
  expect((await call('/reports', token, { method: 'POST' })).status).toBe(201);
  expect(await completed).toBe('report of alice');
  await events.close();
  expect(accessReport(app).map(({ handler }) => handler)).toEqual(['ReportsController.create']);
});

test.each([
  ['on the class', true],
  ['on the method', false],
])(
  '@nestjs/bullmq: the application does not start with a requirement %s of a processor',
  async (_, isOnClass) => {
    class ReportsProcessor extends WorkerHost {
      async process() {}
    }
    Processor('reports')(ReportsProcessor);
    const { prototype } = ReportsProcessor;
    const method = Object.getOwnPropertyDescriptor(prototype, 'process') as PropertyDescriptor;
    if (isOnClass) RequireScopes('a')(ReportsProcessor);
    else RequireScopes('a')(prototype, 'process', method);
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
