import type { VerifiedAccessToken } from '@countersign/core/resource-server';
import { Controller, type ExecutionContext, Get, Injectable } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import { adapters, startApp } from '../../tests/support/start/start-app.ts';
import {
  MaxAge,
  Policy,
  Public,
  RequireAcr,
  RequireAnyScope,
  RequirePermissions,
  RequireRoles,
  RequireScopes,
} from '../index.ts';

@Injectable()
class TenantPolicy {
  allows(principal: VerifiedAccessToken): boolean {
    return principal.claims.tenant === 'acme';
  }
}

@Controller('plain')
class PlainController {
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

@MaxAge(60)
@Controller('recent')
class RecentController {
  @MaxAge(600)
  @Get()
  recent() {
    return {};
  }
}

describe.each(adapters)('access decorators on %s', (adapter) => {
  const start = () =>
    startApp(
      {
        controllers: [PlainController, ScopedController, OpenController, RecentController],
        providers: [TenantPolicy],
      },
      { adapter },
    );

  test('A15: responds to a missing scope with 403 and a challenge that contains the scope', async () => {
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

  test('checks roles, permissions, step-up and policies', async () => {
    const { call, mint, server } = await start();
    const now = Math.floor(server.clock.now() / 1000);
    expect(await call('/plain/roles', await mint({ roles: ['editor'] }))).toMatchObject({ status: 200 });
    expect(await call('/plain/roles', await mint({ roles: ['reader'] }))).toMatchObject({
      status: 403,
      challenge: null,
      body: { message: "The role 'admin' or 'editor' is required" },
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

  test('A10: combines the requirements of handler, class and base class, and applies the stricter of two contradictory decorators', async () => {
    const { call, mint } = await start();
    const all = await mint({ scope: 'base class handler' });
    expect(await call('/scoped', all)).toMatchObject({ status: 200 });
    for (const scope of ['base class', 'base handler', 'class handler'])
      expect(await call('/scoped', await mint({ scope }))).toMatchObject({ status: 403 });
    expect(await call('/scoped/inherited', await mint({ scope: 'base class' }))).toMatchObject({
      status: 200,
    });
    expect(await call('/scoped/inherited', await mint({ scope: 'class' }))).toMatchObject({ status: 403 });
    for (const path of ['/scoped/public', '/open']) expect(await call(path)).toMatchObject({ status: 200 });
    expect(await call('/plain/contradiction')).toMatchObject({ status: 401 });
    expect(await call('/open/scoped')).toMatchObject({ status: 401 });
    expect(await call('/open/scoped', await mint({ scope: 'x' }))).toMatchObject({ status: 403 });
  });

  test('A10: the smaller of two maximum ages applies, on the class or on the handler', async () => {
    const { call, mint, server } = await start();
    const now = Math.floor(server.clock.now() / 1000);
    expect(await call('/recent', await mint({ auth_time: now - 10 }))).toMatchObject({ status: 200 });
    expect(await call('/recent', await mint({ auth_time: now - 300 }))).toMatchObject({
      status: 401,
      challenge: expect.stringContaining('max_age="60"'),
    });
  });
});
