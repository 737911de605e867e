import 'reflect-metadata';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createTestAuthorizationServer } from '@countersign/testing';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule, audience } from './app.module.js';

interface Expected {
  readonly status: number;
  readonly challenge?: string;
  readonly body?: object;
}

test('this is Nest 11, compiled to CommonJS', () => {
  assert.equal(module.id, '.');
  assert.match(require('@nestjs/core/package.json').version, /^11\./);
});

for (const adapter of ['express', 'fastify'] as const) {
  describe(adapter, () => {
    let app: INestApplication;
    let url: string;
    let mint: Awaited<ReturnType<typeof createTestAuthorizationServer>>['mintAccessToken'];
    let stopIssuer: () => Promise<void>;

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
  });
}
