import 'reflect-metadata';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { accessTokenSecurity } from '@countersign/nest';
import { Controller, Get } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { ClsModule } from 'nestjs-cls';
import { findFreePort, startBroker } from './programs.js';
import {
  backgroundModules,
  createDocumentedApplication,
  createPlainApplication,
  type Resources,
} from './side-doors/applications.js';
import { received } from './side-doors/background.js';
import { openApi } from './side-doors/handlers.js';
import {
  backgroundClassNames,
  backgroundRestrictions,
  connectMessages,
  createBackgroundProviders,
  interceptedContext,
  lateContext,
  sharedCache,
} from './side-doors/rejected.js';
import {
  adapterNames,
  getStartError,
  listReportLines,
  startApplication,
  type TestApplication,
} from './start-application.js';

const controllerRows = (name: string) => [
  `http GET /api/cached ${name}.cached public`,
  `http GET /api/context ${name}.readContext protected`,
  `http GET /api/health ${name}.checkHealth protected`,
  `http GET /api/limited ${name}.limited protected`,
];

const documentedRows = [
  ...controllerRows('DocumentedController'),
  'http GET /api/health/open DocumentedController.checkOpenHealth public',
  'http GET /api/openapi.json DocumentedController.readDocument protected',
  'http GET /api/profile DocumentedController.profile protected',
  'http POST /api/work/command WorkController.command protected, scopes work:write',
  'http POST /api/work/event WorkController.event protected, scopes work:write',
  'http POST /api/work/query WorkController.query protected, scopes work:write',
  'http POST /api/work/queue WorkController.job protected, scopes work:write',
];

@Controller()
class ContextController {
  @Get('context')
  read() {
    return {};
  }
}

/** Tests the packages of Nest that docs/nest/other-packages.md lists. */
export function testSideDoors(): void {
  for (const adapter of adapterNames) {
    describe(`other packages on ${adapter}`, () => {
      const stop: (() => unknown)[] = [];
      const middlewarePrincipals: unknown[] = [];
      let resources: Resources;
      let plain: TestApplication;
      let documented: TestApplication;

      before(async () => {
        const folder = await mkdtemp(join(tmpdir(), 'static-'));
        stop.push(() => rm(folder, { recursive: true }));
        await writeFile(join(folder, 'index.html'), 'index');
        await writeFile(join(folder, 'page.txt'), 'static');
        const redis = await startBroker('redis');
        stop.push(redis.stop);
        resources = { folder, redisPort: redis.port, devtoolsPort: await findFreePort() };
        const first = createPlainApplication(resources, (each) => middlewarePrincipals.push(each));
        plain = await startApplication(first.metadata, {
          ...first.options,
          adapter,
          before: (app) =>
            SwaggerModule.setup('docs', app, () =>
              SwaggerModule.createDocument(app, new DocumentBuilder().build()),
            ),
        });
        stop.push(plain.close);
        const devtoolsPort = await findFreePort();
        const second = createDocumentedApplication({ ...resources, devtoolsPort });
        documented = await startApplication(second.metadata, { ...second.options, adapter });
        stop.push(documented.close);
        openApi.document = SwaggerModule.createDocument(documented.app, new DocumentBuilder().build());
        await assert.rejects(fetch(`http://127.0.0.1:${devtoolsPort}/inspector/graph/snapshot`));
      });
      after(async () => {
        for (const each of stop.reverse()) await each();
      });

      test('the access report names the handlers, and no file, page, job, listener or command', () => {
        assert.deepEqual(listReportLines(plain.app), controllerRows('PlainController'));
        assert.deepEqual(listReportLines(documented.app).toSorted(), documentedRows.toSorted());
      });

      test('@nestjs/terminus: a health check requires a token, or @Public()', async () => {
        assert.equal(await plain.getStatus('/api/health'), 401);
        const { status, text } = await plain.call('/api/health', await plain.mint());
        assert.deepEqual([status, JSON.parse(text).status], [200, 'ok']);
        assert.equal(await documented.getStatus('/api/health'), 401);
        assert.equal(await documented.getStatus('/api/health/open'), 200);
      });

      test('@nestjs/swagger: its pages are public, and a handler with the document is not', async () => {
        const { status, text } = await plain.call('/docs-json');
        assert.equal(status, 200);
        const { paths } = JSON.parse(text);
        assert.deepEqual(paths['/api/health'].get.security, [{ [accessTokenSecurity]: [] }]);
        assert.deepEqual(paths['/api/cached'].get.security, [{}]);
        assert.equal(await documented.getStatus('/api/openapi.json'), 401);
        const document = await documented.call('/api/openapi.json', await documented.mint());
        assert.equal(document.status, 200);
        assert.ok(JSON.parse(document.text).paths['/api/work/event'].post);
      });

      test('@nestjs/serve-static: files are public, handlers are not, and "exclude" keeps the API', async () => {
        for (const { call, getStatus } of [plain, documented]) {
          const { status, text } = await call('/page.txt');
          assert.deepEqual([status, text], [200, 'static']);
          assert.equal(await getStatus('/api/health'), 401);
          assert.notEqual(await getStatus('/api/health/'), 200);
          assert.equal(await getStatus('/api/health', 'x.y.z'), 401);
        }
        if (adapter === 'Express') assert.equal((await plain.call('/api/unknown')).text, 'index');
        assert.equal(await documented.getStatus('/api/unknown'), 404);
      });

      test('@nestjs/devtools-integration: its server has no guard and knows no option', async () => {
        const response = await fetch(`http://127.0.0.1:${resources.devtoolsPort}/inspector/graph/snapshot`, {
          headers: { origin: 'https://devtools.nestjs.com' },
        });
        assert.equal(response.status, 200);
        const graph = await response.text();
        assert.match(graph, /AccessTokenGuard/);
        assert.ok(!graph.includes(plain.server.issuer));
      });

      test('@nestjs/throttler: a limit of each address, or with the order of guards of each user', async () => {
        assert.equal(await plain.getStatus('/api/limited'), 401);
        assert.equal(await plain.getStatus('/api/limited', 'a.b.c'), 401);
        assert.equal(await plain.getStatus('/api/limited', await plain.mint()), 429);

        for (let i = 0; i < 3; i++) assert.equal(await documented.getStatus('/api/limited'), 401);
        const mint = (sub: string) => documented.mint({ sub });
        const send = async (sub: string) => documented.getStatus('/api/limited', await mint(sub));
        const statuses = [await send('alice'), await send('alice'), await send('alice'), await send('bob')];
        assert.deepEqual(statuses, [200, 200, 429, 200]);
      });

      test('@nestjs/cache-manager: public responses are cached, and others with the user in the key', async () => {
        const read = async (path: string, sub?: string) => {
          const token = sub === undefined ? undefined : await documented.mint({ sub });
          const { text, headers } = await documented.call(path, token);
          return `${text} ${headers.get('x-cache')}`;
        };
        assert.equal(await read('/api/cached'), '{"text":"cached"} MISS');
        assert.equal(await read('/api/cached', 'alice'), '{"text":"cached"} HIT');
        for (const cached of ['MISS', 'HIT'])
          for (const sub of ['alice', 'bob'])
            assert.equal(await read('/api/profile', sub), `{"sub":"${sub}"} ${cached}`);
        assert.equal(await documented.getStatus('/api/profile'), 401);
      });

      test('@nestjs/cache-manager: no start with a cache that mixes the responses of users', async () => {
        const { code, message } = await getStartError(sharedCache, { adapter });
        assert.equal(code, 'shared_cache', message);
        assert.match(message, /ProfileController\.profile.*getPrincipalKey/s);
      });

      test('nestjs-cls: its middleware has no principal, and the setup of its interceptor has it', async () => {
        const token = await plain.mint({ sub: 'bob' });
        middlewarePrincipals.length = 0;
        const { text } = await plain.call('/api/context', token);
        assert.deepEqual([text, middlewarePrincipals], ['{"hasId":true}', [undefined]]);
        const subs = ['alice', 'bob', 'carol'];
        const texts = subs.map(
          async (sub) => (await documented.call('/api/context', await documented.mint({ sub }))).text,
        );
        assert.deepEqual(
          await Promise.all(texts),
          subs.map((sub) => JSON.stringify({ hasId: true, sub })),
        );
      });

      test('nestjs-cls: no start if a handler of messages would lose the context', async () => {
        const options = { adapter, before: connectMessages };
        const { code, message } = await getStartError(lateContext, options);
        assert.equal(code, 'invalid_option', message);
        assert.match(message, /LateContextController\.read.*@UseInterceptors\(ClsInterceptor\)/s);
        const { close } = await startApplication(interceptedContext, options);
        await close();
      });

      test('nestjs-cls: a warning if its guard runs after the guard of this package', async () => {
        const lines: string[] = [];
        const guard = ClsModule.forRoot({ guard: { mount: true } });
        const options = { adapter, onLogLine: (line: string) => lines.push(line) };
        const metadata = { controllers: [ContextController] };
        const late = await startApplication({ ...metadata, imports: [guard] }, options);
        await late.close();
        const isWarning = (line: string) => line.includes('ClsGuard runs after AccessTokenGuard');
        assert.equal(lines.filter(isWarning).length, 1, lines.join('\n'));
        lines.length = 0;
        const application = await startApplication(metadata, { ...options, first: [guard] });
        await application.close();
        assert.deepEqual(lines.filter(isWarning), []);
      });

      test('jobs, events, commands, queries and queues have the user as data and no principal', async () => {
        const { call, getStatus, mint, app } = documented;
        const post = { method: 'POST' };
        const writer = await mint({ sub: 'bob', scope: 'work:write' });
        for (const kind of ['event', 'command', 'query', 'queue']) {
          const lines: string[] = [];
          const line = new Promise<string>((resolve) => {
            received.listener = (each) => {
              lines.push(each);
              resolve(each);
            };
          });
          assert.equal(await getStatus(`/api/work/${kind}`, undefined, post), 401);
          assert.equal(await getStatus(`/api/work/${kind}`, await mint(), post), 403);
          assert.deepEqual(lines, []);
          const { status, text } = await call(`/api/work/${kind}`, writer, post);
          assert.equal(status, 201, text);
          assert.equal(await line, `${kind} of bob, principal undefined`);
        }
        const jobs: string[] = [];
        received.listener = (each) => jobs.push(each);
        await app.get(SchedulerRegistry).getCronJob('job').fireOnTick();
        assert.deepEqual(jobs, ['job of undefined, principal undefined']);
      });

      for (const [name, decorators] of backgroundRestrictions)
        test(`jobs, events, commands, queries and queues: no start with ${name}`, async () => {
          const metadata = {
            imports: backgroundModules(resources.redisPort),
            providers: createBackgroundProviders(decorators),
          };
          const { code, message } = await getStartError(metadata, { adapter });
          assert.equal(code, 'unguarded_handler', message);
          const named = new Set(message.split('\n').map((line) => line.split(/[ .]/)[0]));
          assert.deepEqual([...named].toSorted(), backgroundClassNames);
        });
    });
  }
}
