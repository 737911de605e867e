import { request as nodeRequest } from 'node:http';
import { connect } from 'node:net';
import type { VerifiedAccessToken } from '@countersign/core/resource-server';
import { Body, Controller, Get, Post, UseGuards } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import { adapters, startApp } from '../../tests/support/start/start-app.ts';
import {
  AccessTokenGuard,
  BearerToken,
  Claims,
  OptionalAuth,
  Principal,
  Public,
  RequireScopes,
} from '../index.ts';

@Controller('plain')
class PlainController {
  @Get()
  any(@Principal('sub') sub: string, @Claims('scope') scope: string, @BearerToken() token: string) {
    return { sub, scope, tokenLength: token.length };
  }

  @Public()
  @Get('public')
  open(@Principal() principal?: VerifiedAccessToken) {
    return { principal: principal ?? null };
  }

  @OptionalAuth()
  @Get('optional')
  optional(@Principal('sub') sub?: string) {
    return { sub: sub ?? null };
  }

  @OptionalAuth()
  @RequireScopes('items:read')
  @Get('optional-scope')
  optionalScope() {
    return {};
  }

  @Post('form')
  form(@Body() body: unknown) {
    return { body };
  }
}

describe.each(adapters)('AccessTokenGuard on %s', (adapter) => {
  const start = () => startApp({ controllers: [PlainController] }, { adapter });

  test('without a token, only public handlers run', async () => {
    const { call } = await start();
    expect(await call('/plain')).toMatchObject({
      status: 401,
      challenge: 'Bearer',
      body: { statusCode: 401, error: 'Unauthorized', message: 'An access token is required' },
    });
    expect(await call('/plain/public')).toMatchObject({ status: 200, body: { principal: null } });
    expect(await call('/nowhere')).toMatchObject({ status: 404 });
  });

  test('with a token, the handler receives the principal', async () => {
    const { call, mint } = await start();
    const token = await mint({ scope: 'items:read' });
    expect(await call('/plain', token)).toMatchObject({
      status: 200,
      body: { sub: 'alice', scope: 'items:read', tokenLength: token.length },
      challenge: null,
    });
  });

  test('a public handler ignores credentials', async () => {
    const { call } = await start();
    expect(await call('/plain/public', 'nonsense')).toMatchObject({ status: 200, body: { principal: null } });
  });

  test('A12: an optional handler allows a missing token and rejects an invalid one with 401', async () => {
    const { call, mint } = await start();
    expect(await call('/plain/optional')).toMatchObject({ status: 200, body: { sub: null } });
    expect(await call('/plain/optional', await mint())).toMatchObject({
      status: 200,
      body: { sub: 'alice' },
    });
    for (const invalid of [await mint({ exp: 1 }), await mint({}, { foreignKey: true }), 'abc'])
      expect(await call('/plain/optional', invalid)).toMatchObject({ status: 401 });
    expect(await call('/plain/optional-scope')).toMatchObject({ status: 401 });
  });

  test('A13: no handler runs without a token under another spelling of its path', async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    for (const path of [
      '//plain',
      '/plain/',
      '/PLAIN',
      '/plain//',
      '/./plain',
      '/plain/../plain',
      '/%70lain',
      '/plain;a=b',
      '/plain%2f',
      '/plain?public',
      '/plain#/public',
    ]) {
      const status = await new Promise((resolve, reject) => {
        nodeRequest({ host: '127.0.0.1', port, path }, (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end();
      });
      expect([401, 404], path).toContain(status);
    }
  });

  test('A14: rejects a token in the query or a form, and two headers', async () => {
    const { call, mint, url } = await start();
    const token = await mint();
    expect(await call(`/plain?access_token=${token}`)).toMatchObject({ status: 400 });
    expect(await call(`/plain?access_token=${token}`, token)).toMatchObject({ status: 400 });
    const form = new URLSearchParams({ access_token: token });
    if (adapter === 'express') {
      expect(await call('/plain/form', token, { method: 'POST', body: form })).toMatchObject({ status: 400 });
    }
    const twoHeaders = await sendRaw(url, [`Authorization: Bearer ${token}`, 'Authorization: Bearer other']);
    expect(twoHeaders).toMatch(/^HTTP\/1.1 400 /);
    expect(await sendRaw(url, [`Authorization: Bearer ${token}`])).toMatch(/^HTTP\/1.1 200 /);
  });

  test('A9: responds to a malformed header with 400 or 401, never 500', async () => {
    const { url } = await start();
    for (const value of [
      'Bearer %',
      'Bearer',
      'bearer a b',
      'Bearer "x"',
      'Bearer \u00e4',
      'DPoP %',
      'Basic %',
      ',',
      '%',
      'Bearer a.b.c',
      'Bearer ..',
      `Bearer ${'a'.repeat(12_000)}`,
    ]) {
      expect(await sendRaw(url, [`Authorization: ${value}`]), value).toMatch(/^HTTP\/1.1 40[01] /);
    }
  });

  test('A5: responds with 503 while the keys are unavailable', async () => {
    const { call, mint, server } = await start();
    server.fail('jwks', { status: 500, headers: { 'retry-after': '9' } });
    const token = await mint();
    const response = await call('/plain', token);
    expect(response).toMatchObject({ status: 503, challenge: null });
    expect(response.headers.get('retry-after')).toBe('9');
    expect(JSON.stringify(response.body)).not.toContain('jwks');
  });

  test('with globalGuard: false, @UseGuards() applies the guard', async () => {
    @UseGuards(AccessTokenGuard)
    @Controller('explicit')
    class ExplicitController {
      @Get()
      get() {
        return {};
      }
    }
    const { call, mint } = await startApp(
      { controllers: [ExplicitController] },
      { adapter, auth: { globalGuard: false } },
    );
    expect(await call('/explicit')).toMatchObject({ status: 401 });
    expect(await call('/explicit', await mint())).toMatchObject({ status: 200 });
  });
});

/** Sends a request with headers that `fetch` would not send, and returns the response as text. */
function sendRaw(url: string, headers: string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let response = '';
    const socket = connect(Number(port), hostname, () => {
      const lines = ['GET /plain HTTP/1.1', `Host: ${hostname}`, 'Connection: close', ...headers, '', ''];
      socket.write(Buffer.from(lines.join('\r\n'), 'latin1'));
    });
    socket.on('data', (data) => (response += data));
    socket.on('close', () => resolve(response));
    socket.on('error', reject);
  });
}
