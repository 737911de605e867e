import 'reflect-metadata';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { accessReport, accessTokenSecurity, formatAccessReport } from '@countersign/nest';
import { createTestAuthorizationServer } from '@countersign/testing';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { testApplicationShapes } from './application-shapes.js';
import { rejectedEvents } from './calls/message-calls.js';
import { audience, createApplication, type Ports, type Variant } from './contexts/create-application.js';
import { type ExpectedHandler, listExpectedHandlers } from './expected-handlers.js';
import { findFreePort, startBroker } from './programs.js';
import { testContexts } from './shapes/contexts.js';
import { testCopies } from './shapes/copies.js';
import { testOpenApiPlugin } from './shapes/openapi-plugin.js';
import { testPlainGateways } from './shapes/plain-gateways.js';
import { testTokens } from './shapes/tokens.js';
import { testSideDoors } from './side-doors.js';

const variants: Readonly<Record<string, Variant>> = {
  'Express, Apollo and socket.io': {
    adapter: 'express',
    versioning: 'uri',
    codeFirst: 'apollo',
    schemaFirst: 'apollo',
    webSockets: 'socket.io',
  },
  'Express, Apollo and plain WebSockets': {
    adapter: 'express',
    versioning: 'media-type',
    codeFirst: 'apollo',
    schemaFirst: 'apollo',
    webSockets: 'ws',
  },
  'Fastify, Apollo and plain WebSockets': {
    adapter: 'fastify',
    versioning: 'media-type',
    codeFirst: 'apollo',
    schemaFirst: 'apollo',
    webSockets: 'ws',
  },
  'Fastify, Mercurius code first and Apollo schema first': {
    adapter: 'fastify',
    versioning: 'header',
    codeFirst: 'mercurius',
    schemaFirst: 'apollo',
    webSockets: 'socket.io',
  },
  'Fastify, Apollo code first and Mercurius schema first': {
    adapter: 'fastify',
    versioning: 'uri',
    codeFirst: 'apollo',
    schemaFirst: 'mercurius',
    webSockets: 'ws',
  },
};

testApplicationShapes();
testSideDoors();
testTokens();
testCopies();
testContexts();
testPlainGateways();
testOpenApiPlugin();

for (const [name, variant] of Object.entries(variants)) {
  describe(name, () => {
    let app: INestApplication;
    let ports: Ports;
    let issuer: string;
    let expected: readonly ExpectedHandler[];
    let mint: Awaited<ReturnType<typeof createTestAuthorizationServer>>['mintAccessToken'];
    const stop: (() => unknown)[] = [];

    before(async () => {
      const server = await createTestAuthorizationServer({ resources: [audience] });
      const listening = await server.listen();
      issuer = listening.issuer;
      mint = server.mintAccessToken;
      const redis = await startBroker('redis');
      // The step `programs` prints that NATS is missing, and fails in a workflow that can install it.
      const nats = process.env.NATS_SERVER_PATH === '' ? undefined : await startBroker('nats');
      stop.push(listening.close, redis.stop, ...(nats ? [nats.stop] : []));
      ports = {
        webSockets: await findFreePort(),
        grpc: await findFreePort(),
        redis: redis.port,
        nats: nats?.port,
      };
      app = await createApplication(variant, {
        issuer,
        ports,
        onEvent: (event) => {
          const { type, code } = event as { readonly type: string; readonly code?: string };
          if (type === 'token.rejected') rejectedEvents.listener(code ?? '');
        },
      });
      await app.startAllMicroservices();
      await app.listen(0, '127.0.0.1');
      expected = listExpectedHandlers(variant, await app.getUrl(), ports);
    });

    after(async () => {
      await app.close();
      for (const each of stop) await each();
    });

    test('the access report names every handler and its requirement', () => {
      const rows = accessReport(app).map(
        ({ transport, entry, handler, requirement }) =>
          `${transport} ${entry} ${handler}: ${formatAccessReport([
            { transport: 'http', entry: '', handler: '', requirement },
          ])
            .slice('http'.length)
            .trim()}`,
      );
      assert.deepEqual(
        rows.toSorted(),
        expected.map(({ row, requirement }) => `${row}: ${requirement}`).toSorted(),
      );
    });

    test('each handler rejects a missing and an invalid token, and enforces its scope', async () => {
      const foreign = await mint({ scope: 'items:write' }, { foreignKey: true });
      const reader = await mint({ scope: 'items:read' });
      const writer = await mint({ scope: 'items:write' });
      const actualOutcomes: string[] = [];
      const expectedOutcomes: string[] = [];
      for (const { row, requirement, calls } of expected) {
        const isOpen = requirement === 'public';
        const needsScope = requirement.includes('items:write');
        for (const [call, send] of Object.entries(calls)) {
          const outcomes = [await send(), await send(foreign), await send(reader), await send(writer)];
          const denied = isOpen ? 'ok' : 'unauthenticated';
          actualOutcomes.push(`${row}, ${call}: ${outcomes.join(', ')}`);
          expectedOutcomes.push(
            `${row}, ${call}: ${denied}, ${denied}, ${needsScope ? 'forbidden' : 'ok'}, ok`,
          );
        }
      }
      assert.deepEqual(
        actualOutcomes.filter((each) => !expectedOutcomes.includes(each)),
        [],
      );
    });

    test('the OpenAPI document contains the requirement of every route', () => {
      const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
      const described = Object.entries(paths).flatMap(([path, methods]) =>
        Object.entries(methods as Record<string, { readonly security?: unknown }>).map(
          ([method, { security }]) => `${method.toUpperCase()} ${path}: ${JSON.stringify(security)}`,
        ),
      );
      for (const { row, requirement } of expected) {
        // OpenAPI has one operation for a method and a path, so the last version in a header replaces the others.
        if (!row.startsWith('http ') || row.includes('(version 1) ItemsController.list')) continue;
        const scopes = requirement.includes('items:write') ? ['items:write'] : [];
        const security = requirement === 'public' ? [{}] : [{ [accessTokenSecurity]: scopes }];
        const [, method, path] = row.split(' ');
        const line = `${method} ${path}: ${JSON.stringify(security)}`;
        assert.ok(described.includes(line), `${line} is not in\n${described.join('\n')}`);
      }
    });

    test('the application does not start if its handlers lose their guard', async () => {
      await assert.rejects(
        async () => {
          const unguarded = await createApplication(variant, {
            issuer,
            ports: { ...ports, webSockets: await findFreePort() },
            globalGuard: false,
          });
          stop.push(() => unguarded.close());
          await unguarded.init();
        },
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'unguarded_handler');
          const named = error.message.split('\n').map((line) => line.split(' ')[0]);
          const scoped = expected.filter(({ requirement }) => requirement.includes('items:write'));
          assert.deepEqual(named.toSorted(), scoped.map(({ row }) => row.split(' ').at(-1)).toSorted());
          return true;
        },
      );
    });
  });
}
