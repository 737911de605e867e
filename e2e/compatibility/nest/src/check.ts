import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createTestAuthorizationServer } from '@countersign/testing';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { firstValueFrom } from 'rxjs';
import { io } from 'socket.io-client';
import { AppModule, audience } from './app.module.js';

interface Expected {
  readonly status: number;
  readonly challenge?: string;
  readonly body?: object;
}

for (const adapter of ['express', 'fastify'] as const) {
  describe(adapter, () => {
    let app: INestApplication;
    let url: string;
    let mint: Awaited<ReturnType<typeof createTestAuthorizationServer>>['mintAccessToken'];
    let stopIssuer: () => Promise<void>;
    let messagePort: number;

    before(async () => {
      const server = await createTestAuthorizationServer({ resources: [audience] });
      const { issuer, close } = await server.listen();
      process.env.ISSUER = issuer;
      stopIssuer = close;
      mint = server.mintAccessToken;
      app = await NestFactory.create(
        AppModule,
        adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(),
        { logger: false },
      );
      messagePort = await freePort();
      app.connectMicroservice<MicroserviceOptions>({
        transport: Transport.TCP,
        options: { host: '127.0.0.1', port: messagePort },
      });
      await app.startAllMicroservices();
      await app.listen(0, '127.0.0.1');
      url = await app.getUrl();
    });

    after(async () => {
      await app.close();
      await stopIssuer();
    });

    async function expectAnswer(request: string, token: string | undefined, expected: Expected) {
      const [method = '', path = ''] = request.split(' ');
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(url + path, { method, headers });
      const body = await response.json();
      assert.equal(response.status, expected.status, JSON.stringify(body));
      assert.equal(response.headers.get('www-authenticate') ?? undefined, expected.challenge);
      if (expected.body) assert.deepEqual(body, expected.body);
    }

    // RFC 6750 section 3.1: without any credential, no error code.
    test('no token: 401', () => expectAnswer('GET /items', undefined, { status: 401, challenge: 'Bearer' }));

    test('no token, where a scope is asked for: 401', () =>
      expectAnswer('POST /items', undefined, { status: 401, challenge: 'Bearer' }));

    test('a token that nobody signed: 401', () =>
      expectAnswer('GET /items', 'nonsense', {
        status: 401,
        challenge: 'Bearer error="invalid_token", error_description="The access token is not a JWT"',
      }));

    test('a token signed by a foreign key: 401', async () =>
      expectAnswer('GET /items', await mint({}, { foreignKey: true }), {
        status: 401,
        challenge:
          'Bearer error="invalid_token", error_description="The signature of the access token is not valid"',
      }));

    test('a token that has expired: 401', async () =>
      expectAnswer('GET /items', await mint({ exp: Math.floor(Date.now() / 1000) - 600 }), {
        status: 401,
        challenge: 'Bearer error="invalid_token", error_description="The access token has expired"',
      }));

    test('a token for another API: 401', async () =>
      expectAnswer('GET /items', await mint({ aud: 'https://other.example.test' }), {
        status: 401,
        challenge:
          'Bearer error="invalid_token", error_description="The access token is for another audience"',
      }));

    test('a good token: 200', async () =>
      expectAnswer('GET /items', await mint(), { status: 200, body: { user: 'alice' } }));

    test('a good token that lacks the scope: 403', async () =>
      expectAnswer('POST /items', await mint({ scope: 'items:read' }), {
        status: 403,
        challenge: `Bearer error="insufficient_scope", error_description="The access token lacks the scope 'items:write'", scope="items:write"`,
      }));

    test('a good token with the scope: 201', async () =>
      expectAnswer('POST /items', await mint({ scope: 'items:read items:write' }), {
        status: 201,
        body: { scope: 'items:read items:write' },
      }));

    test('@Public() without a token: 200', () =>
      expectAnswer('GET /items/open', undefined, { status: 200, body: { open: true } }));

    /** What is asked for with a token: the user, or why not. */
    const contexts: Record<string, (operation: 'list' | 'add', token?: string) => Promise<unknown>> = {
      async GraphQL(operation, token) {
        const response = await fetch(`${url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
          body: JSON.stringify({ query: operation === 'add' ? 'mutation { add }' : '{ list }' }),
        });
        const { data, errors } = (await response.json()) as {
          data: Record<string, string> | null;
          errors?: { message: string }[];
        };
        return data?.[operation] ?? errors?.[0]?.message;
      },
      async WebSocket(operation, token) {
        const socket = io(url, { auth: { token }, transports: ['websocket'], forceNew: true });
        try {
          return await new Promise((resolve) => {
            socket.once('answer', ({ user }) => resolve(user));
            socket.once('exception', ({ message }) => resolve(message));
            socket.emit(operation, {});
          });
        } finally {
          socket.close();
        }
      },
      async microservice(operation, token) {
        const options = { host: '127.0.0.1', port: messagePort };
        const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
        const message = token === undefined ? {} : { authorization: `Bearer ${token}` };
        try {
          return (await firstValueFrom(client.send<{ user: string }>(operation, message))).user;
        } catch (error) {
          return (error as Error).message;
        } finally {
          client.close();
        }
      },
    };

    for (const [name, ask] of Object.entries(contexts)) {
      test(`${name}: no token, a bad one, one that lacks the scope, a good one`, async () => {
        const foreign = await mint({}, { foreignKey: true });
        const reader = await mint({ scope: 'items:read' });
        assert.equal(await ask('list'), 'An access token is needed');
        assert.equal(await ask('list', foreign), 'The signature of the access token is not valid');
        assert.equal(await ask('list', reader), 'alice');
        assert.equal(await ask('add', reader), "The access token lacks the scope 'items:write'");
        assert.equal(await ask('add', await mint({ scope: 'items:write' })), 'alice');
      });
    }
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
