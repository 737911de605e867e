import { Controller, Delete, Get, Post, type Type } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import { OptionalAuth, Protected, Public, RequireRoles, RequireScopes } from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

abstract class BaseController {
  @RequireScopes('items:write')
  @Delete()
  remove() {
    return {};
  }

  @RequireScopes('items:read')
  find(): object {
    return {};
  }

  @Public()
  @Get('news')
  news(): object {
    return {};
  }

  @OptionalAuth()
  @Get('about')
  about(): object {
    return {};
  }

  @Public()
  @Get('inherited')
  inherited(): object {
    return {};
  }
}

abstract class MiddleController extends BaseController {
  @RequireRoles('admin')
  override remove() {
    return super.remove();
  }
}

@Controller('derived')
class DerivedController extends MiddleController {
  @Delete()
  override remove() {
    return {};
  }

  @Get()
  override find() {
    return {};
  }

  @Get('news')
  override news() {
    return {};
  }

  @Get('about')
  override about() {
    return {};
  }
}

@Controller('public-overrides')
class PublicOverridesController extends BaseController {
  @Public()
  @Delete()
  override remove() {
    return {};
  }

  @Public()
  @Get('about')
  override about() {
    return {};
  }

  override find() {
    return {};
  }
}

/** Creates the base class of a generic controller. */
function Crud(name: string): Type<{ create(): object }> {
  class CrudController {
    @RequireScopes('items:write')
    @Post(name)
    create() {
      return {};
    }
  }
  return CrudController;
}

@Controller('mixed')
class MixedController extends Crud('create') {
  @Post('create')
  override create() {
    return {};
  }
}

@Public()
@Controller('open')
class OpenController {
  @Get()
  list(): object {
    return {};
  }

  @Protected()
  @Get('closed')
  closed(): object {
    return {};
  }
}

@Controller('still-open')
class StillOpenController extends OpenController {
  @Get('closed')
  override closed() {
    return {};
  }
}

@Protected()
@Controller('closed')
class ClosedController extends OpenController {}

@Protected()
@Controller('closed-override')
class ClosedOverrideController extends OpenController {
  @Public()
  @Get()
  override list() {
    return {};
  }
}

@Public()
@Protected()
@Controller('contradiction')
class ContradictionController {
  @Get()
  list() {
    return {};
  }
}

describe.each(adapters)('N12: requirements of overridden and inherited methods on %s', (adapter) => {
  const start = (controllers: Type[]) => startApp({ controllers }, { adapter });

  test('checks the requirement of an overridden method for the override', async () => {
    const { call, mint } = await start([DerivedController, MixedController]);
    const remove = { method: 'DELETE' };
    const both = await mint({ scope: 'items:write', roles: ['admin'] });
    expect(await call('/derived', both, remove)).toMatchObject({ status: 200 });
    expect(await call('/derived', await mint({ scope: 'items:write' }), remove)).toMatchObject({
      status: 403,
    });
    expect(await call('/derived', await mint({ roles: ['admin'] }), remove)).toMatchObject({ status: 403 });
    expect(await call('/derived', await mint())).toMatchObject({ status: 403 });
    expect(await call('/derived', await mint({ scope: 'items:read' }))).toMatchObject({ status: 200 });
    const create = { method: 'POST' };
    expect(await call('/mixed/create', await mint(), create)).toMatchObject({ status: 403 });
    expect(await call('/mixed/create', both, create)).toMatchObject({ status: 201 });
  });

  test('does not apply @Public() or @OptionalAuth() of a base method to an override', async () => {
    const { call, mint } = await start([DerivedController, PublicOverridesController]);
    for (const path of ['/derived/news', '/derived/about']) {
      expect(await call(path), path).toMatchObject({ status: 401 });
      expect(await call(path, await mint()), path).toMatchObject({ status: 200 });
    }
    for (const path of ['/derived/inherited', '/public-overrides/news', '/public-overrides/about'])
      expect(await call(path), path).toMatchObject({ status: 200 });
    // An override cannot remove a requirement of the base class.
    expect(await call('/public-overrides', undefined, { method: 'DELETE' })).toMatchObject({ status: 401 });
    expect(await call('/public-overrides', await mint(), { method: 'DELETE' })).toMatchObject({
      status: 403,
    });
  });

  test('protects a class or a handler of a public class with @Protected()', async () => {
    const { call, mint } = await start([
      OpenController,
      StillOpenController,
      ClosedController,
      ClosedOverrideController,
      ContradictionController,
    ]);
    for (const path of ['/open', '/still-open', '/closed-override'])
      expect(await call(path), path).toMatchObject({ status: 200 });
    for (const path of [
      '/open/closed',
      '/still-open/closed',
      '/closed',
      '/closed/closed',
      '/contradiction',
    ]) {
      expect(await call(path), path).toMatchObject({ status: 401 });
      expect(await call(path, await mint()), path).toMatchObject({ status: 200 });
    }
  });
});
