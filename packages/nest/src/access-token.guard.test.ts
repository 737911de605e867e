import { request as nodeRequest } from 'node:http';
import { connect } from 'node:net';
import type { VerifiedAccessToken } from '@countersign/core/api';
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  Inject,
  Injectable,
  Post,
  Req,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { describe, expect, test } from 'vitest';
import {
  ACCESS_TOKEN_VERIFIER,
  AccessToken,
  AccessTokenGuard,
  type AccessTokenVerifier,
  Claims,
  MaxAge,
  OptionalAuth,
  Policy,
  Principal,
  Public,
  RequireAcr,
  RequireAnyScope,
  RequirePermissions,
  RequireRoles,
  RequireScopes,
} from './index.ts';
import { adapters, startApp } from './test-support/start-app.ts';

@Injectable()
class TenantPolicy {
  allows(principal: VerifiedAccessToken): boolean {
    return principal.claims.tenant === 'acme';
  }
}

@Controller('plain')
class PlainController {
  @Get()
  any(@Principal('sub') sub: string, @Claims('scope') scope: string, @AccessToken() token: string) {
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

  @RequireScopes('items:read')
  @RequireScopes('items:write')
  @Get('scopes')
  scopes() {
    return {};
  }

  @RequireAnyScope('items:read', 'items:admin')
  @Get('any-scope')
  anyScope() {
    return {};
  }

  @RequirePermissions('items:delete')
  @Get('permissions')
  permissions() {
    return {};
  }

  @RequireRoles('admin', 'editor')
  @Get('roles')
  roles() {
    return {};
  }

  @RequireAcr('mfa')
  @MaxAge(300)
  @Get('step-up')
  stepUp() {
    return {};
  }

  @Policy(TenantPolicy)
  @Policy((principal, context: ExecutionContext) =>
    Promise.resolve(context.switchToHttp().getRequest().headers['x-owner'] === principal.sub),
  )
  @Get('policy')
  policy() {
    return {};
  }

  @Policy(() => 'yes' as unknown as boolean)
  @Get('truthy-policy')
  truthyPolicy() {
    return {};
  }

  @Policy(() => {
    throw new TypeError('a bug');
  })
  @Get('broken-policy')
  brokenPolicy() {
    return {};
  }

  @Public()
  @RequireScopes('items:read')
  @Get('contradiction')
  contradiction() {
    return {};
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

  @Get('request')
  request(@Req() request: object) {
    return { text: JSON.stringify(Object.keys(request)) };
  }
}

@RequireScopes('base')
class BaseController {
  @Get('inherited')
  inherited() {
    return {};
  }
}

@RequireScopes('class')
@Controller('scoped')
class ScopedController extends BaseController {
  readonly #verifier: AccessTokenVerifier;

  constructor(@Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier) {
    super();
    this.#verifier = verifier;
  }

  @RequireScopes('handler')
  @Get()
  both() {
    return {};
  }

  @Public()
  @Get('public')
  open() {
    return {};
  }

  @Get('denied-inside')
  deniedInside() {
    throw this.#verifier.denied('Not on Sundays');
  }
}

@Public()
@Controller('open')
class OpenController {
  @Get()
  open() {
    return {};
  }

  @RequireScopes('items:read')
  @Get('scoped')
  scoped() {
    return {};
  }
}

const metadata = {
  controllers: [PlainController, ScopedController, OpenController],
  providers: [TenantPolicy],
};

describe.each(adapters)('on %s', (adapter) => {
  const start = (options: Parameters<typeof startApp>[1] = {}) => startApp(metadata, { adapter, ...options });

  test('without a token nothing runs but what is public', async () => {
    const { call } = await start();
    expect(await call('/plain')).toMatchObject({
      status: 401,
      challenge: 'Bearer',
      body: { statusCode: 401, error: 'Unauthorized', message: 'An access token is needed' },
    });
    expect(await call('/plain/public')).toMatchObject({ status: 200, body: { principal: null } });
    expect(await call('/open')).toMatchObject({ status: 200 });
    expect(await call('/nowhere')).toMatchObject({ status: 404 });
  });

  test('with a token the handler learns who it is', async () => {
    const { call, mint } = await start();
    const token = await mint({ scope: 'items:read' });
    expect(await call('/plain', token)).toMatchObject({
      status: 200,
      body: { sub: 'alice', scope: 'items:read', tokenLength: token.length },
      challenge: null,
    });
  });

  test('a public handler does not look at credentials', async () => {
    const { call } = await start();
    expect(await call('/plain/public', 'nonsense')).toMatchObject({ status: 200, body: { principal: null } });
  });

  test('A12: absent is anonymous, invalid is 401', async () => {
    const { call, mint } = await start();
    expect(await call('/plain/optional')).toMatchObject({ status: 200, body: { sub: null } });
    expect(await call('/plain/optional', await mint())).toMatchObject({
      status: 200,
      body: { sub: 'alice' },
    });
    for (const wrong of [await mint({ exp: 1 }), await mint({}, { foreignKey: true }), 'abc'])
      expect(await call('/plain/optional', wrong)).toMatchObject({ status: 401 });
    expect(await call('/plain/optional-scope')).toMatchObject({ status: 401 });
  });

  test('A15: a missing scope is 403 and says which one', async () => {
    const { call, mint } = await start();
    expect(await call('/plain/scopes', await mint({ scope: 'items:write items:read' }))).toMatchObject({
      status: 200,
    });
    expect(await call('/plain/scopes', await mint({ scope: 'items:read' }))).toMatchObject({
      status: 403,
      challenge:
        'Bearer error="insufficient_scope", error_description="The access token lacks the scope \'items:write\'", scope="items:write items:read"',
      body: {
        statusCode: 403,
        error: 'Forbidden',
        message: "The access token lacks the scope 'items:write'",
      },
    });
    expect(await call('/plain/any-scope', await mint({ scope: 'items:admin' }))).toMatchObject({
      status: 200,
    });
    expect(await call('/plain/any-scope', await mint({ scope: 'items:admin2' }))).toMatchObject({
      status: 403,
    });
  });

  test('roles, permissions, step-up and policies', async () => {
    const { call, mint, server } = await start();
    const now = Math.floor(server.clock.now() / 1000);
    expect(await call('/plain/roles', await mint({ roles: ['editor'] }))).toMatchObject({ status: 200 });
    expect(await call('/plain/roles', await mint({ roles: ['reader'] }))).toMatchObject({
      status: 403,
      challenge: null,
      body: { message: "The role 'admin' or 'editor' is needed" },
    });
    expect(await call('/plain/permissions', await mint({ permissions: ['items:delete'] }))).toMatchObject({
      status: 200,
    });
    expect(await call('/plain/permissions', await mint())).toMatchObject({ status: 403 });
    expect(await call('/plain/step-up', await mint({ acr: 'mfa', auth_time: now - 10 }))).toMatchObject({
      status: 200,
    });
    expect(await call('/plain/step-up', await mint({ acr: 'pwd', auth_time: now - 400 }))).toMatchObject({
      status: 401,
      challenge: expect.stringMatching(
        /^Bearer error="insufficient_user_authentication", .*acr_values="mfa", max_age="300"$/,
      ),
    });
    const acme = await mint({ tenant: 'acme' });
    const asOwner = { headers: { 'x-owner': 'alice' } };
    expect(await call('/plain/policy', acme, asOwner)).toMatchObject({ status: 200 });
    expect(await call('/plain/policy', acme)).toMatchObject({ status: 403 });
    expect(await call('/plain/policy', await mint(), asOwner)).toMatchObject({ status: 403 });
    expect(await call('/plain/truthy-policy', acme)).toMatchObject({ status: 403 });
    expect(await call('/plain/broken-policy', acme)).toMatchObject({ status: 500 });
  });

  test('A10: handler adds to class and base class, and contradictions are taken strictly', async () => {
    const { call, mint } = await start();
    const all = await mint({ scope: 'base class handler' });
    expect(await call('/scoped', all)).toMatchObject({ status: 200 });
    for (const scope of ['base class', 'base handler', 'class handler'])
      expect(await call('/scoped', await mint({ scope }))).toMatchObject({ status: 403 });
    expect(await call('/scoped/inherited', await mint({ scope: 'base class' }))).toMatchObject({
      status: 200,
    });
    expect(await call('/scoped/inherited', await mint({ scope: 'class' }))).toMatchObject({ status: 403 });
    expect(await call('/scoped/public')).toMatchObject({ status: 200 });
    expect(await call('/plain/contradiction')).toMatchObject({ status: 401 });
    expect(await call('/open/scoped')).toMatchObject({ status: 401 });
    expect(await call('/open/scoped', await mint({ scope: 'x' }))).toMatchObject({ status: 403 });
  });

  test('A13: however a path is written, no handler runs without a token', async () => {
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

  test('A14: a token in the query or a form is refused, and two headers too', async () => {
    const { call, mint, url } = await start();
    const token = await mint();
    expect(await call(`/plain?access_token=${token}`)).toMatchObject({ status: 400 });
    expect(await call(`/plain?access_token=${token}`, token)).toMatchObject({ status: 400 });
    const form = new URLSearchParams({ access_token: token });
    if (adapter === 'express') {
      expect(await call('/plain/form', token, { method: 'POST', body: form })).toMatchObject({ status: 400 });
    }
    const answer = await raw(url, [`Authorization: Bearer ${token}`, 'Authorization: Bearer other']);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw(url, [`Authorization: Bearer ${token}`])).toMatch(/^HTTP\/1.1 200 /);
  });

  test('A9: a malformed header is 400 or 401, never 500', async () => {
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
      expect(await raw(url, [`Authorization: ${value}`]), value).toMatch(/^HTTP\/1.1 40[01] /);
    }
  });

  test('A5: 503 while the keys are out of reach', async () => {
    const { call, mint, server } = await start();
    server.fail('jwks', { status: 500, headers: { 'retry-after': '9' } });
    const token = await mint();
    const answer = await call('/plain', token);
    expect(answer).toMatchObject({ status: 503, challenge: null });
    expect(answer.headers.get('retry-after')).toBe('9');
    expect(JSON.stringify(answer.body)).not.toContain('jwks');
  });

  test("the application's own exception filter writes the body, and the challenge stays", async () => {
    @Catch(HttpException)
    class Filter implements ExceptionFilter {
      catch(error: HttpException, host: ArgumentsHost) {
        const response = host.getArgByIndex(1);
        response.status(error.getStatus()).send({ ours: error.message });
      }
    }
    const { call } = await startApp(
      { ...metadata, providers: [TenantPolicy, { provide: APP_FILTER, useClass: Filter }] },
      { adapter },
    );
    expect(await call('/plain')).toMatchObject({
      status: 401,
      challenge: 'Bearer',
      body: { ours: 'An access token is needed' },
    });
  });

  test('problem+json by option', async () => {
    const { call } = await start({ auth: { errorFormat: 'problem' } });
    const { headers, body } = await call('/plain');
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'An access token is needed',
      code: 'token_missing',
    });
  });

  test('a refusal from within a handler is answered the same way', async () => {
    const { call, mint } = await start();
    expect(await call('/scoped/denied-inside', await mint({ scope: 'base class' }))).toMatchObject({
      status: 403,
      body: { statusCode: 403, error: 'Forbidden', message: 'Not on Sundays' },
    });
  });

  test('A15: the metadata of the resource is served and named', async () => {
    const { call, server } = await start({
      auth: { protectedResource: { resource: 'https://api.example.test/v1', scopes: ['items:read'] } },
    });
    expect((await call('/plain')).challenge).toBe(
      'Bearer resource_metadata="https://api.example.test/.well-known/oauth-protected-resource/v1"',
    );
    for (const path of ['', '/v1'])
      expect(await call(`/.well-known/oauth-protected-resource${path}`)).toMatchObject({
        status: 200,
        body: {
          resource: 'https://api.example.test/v1',
          authorization_servers: [server.issuer],
          bearer_methods_supported: ['header'],
          scopes_supported: ['items:read'],
        },
      });
  });

  test('there is no metadata where there is nothing to say', async () => {
    const { call } = await start();
    expect(await call('/.well-known/oauth-protected-resource')).toMatchObject({ status: 404 });
  });

  test('without the global guard the guard can be applied by hand', async () => {
    const { UseGuards } = await import('@nestjs/common');
    @UseGuards(AccessTokenGuard)
    @Controller('by-hand')
    class ByHandController {
      @Get()
      get() {
        return {};
      }
    }
    const { call, mint } = await startApp(
      { controllers: [ByHandController] },
      { adapter, auth: { globalGuard: false } },
    );
    expect(await call('/by-hand')).toMatchObject({ status: 401 });
    expect(await call('/by-hand', await mint())).toMatchObject({ status: 200 });
  });
});

/** One request as it stands, with headers that `fetch` would not send. */
function raw(url: string, headers: string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => {
      const lines = ['GET /plain HTTP/1.1', `Host: ${hostname}`, 'Connection: close', ...headers, '', ''];
      socket.write(Buffer.from(lines.join('\r\n'), 'latin1'));
    });
    socket.on('data', (data) => (answer += data));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}
