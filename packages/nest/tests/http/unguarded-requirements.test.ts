import { Controller, Get, Injectable } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import { Policy, Protected, Public, RequireAnyScope, RequireScopes } from '../../src/index.ts';
import { CopyMethods, ReplaceMethod } from '../support/replace-method.ts';
import { startApp } from '../support/start/start-app.ts';

@Public()
class PublicMixin {}

@CopyMethods(PublicMixin, { everything: true })
@Controller('not-public')
class NotPublicController {
  @Get()
  list() {
    return {};
  }
}

@RequireScopes('items:read')
@CopyMethods(class Other {}, { everything: true })
@Controller('scoped-mixin')
class ScopedMixinController {
  @Get()
  list() {
    return {};
  }
}

const key = Symbol('list');

@Injectable()
class ServiceWithScopes {
  @RequireScopes('items:read')
  list() {}
}

@Injectable()
class DerivedService extends ServiceWithScopes {}

@Injectable()
class ServiceWithStatic {
  @Protected()
  static list() {}
}

@Controller('symbols')
class SymbolController {
  @RequireAnyScope('items:read')
  [key]() {}
}

@Controller('accessor')
class AccessorController {
  @Policy(() => true)
  get list() {
    return () => ({});
  }
}

@Controller('property')
class PropertyController {
  // Only the type of the decorator restricts it to methods.
  @(RequireScopes('items:read') as PropertyDecorator)
  list = () => ({});
}

@Controller('lost')
class LostRouteController {
  @ReplaceMethod()
  @RequireScopes('items:read')
  @Get()
  list() {
    return {};
  }
}

@Controller('beside')
class BesideController {
  @Get()
  list() {
    return {};
  }

  @RequireScopes('items:read')
  helper() {}
}

abstract class BaseController {
  @RequireScopes('items:read')
  find(): object {
    return {};
  }
}

@Controller('overriding')
class OverridingController extends BaseController {
  @Public()
  @Get('news')
  news() {
    return {};
  }

  override find() {
    return {};
  }
}

describe('N13: the start of an application with a requirement that no guard checks', () => {
  test.each([
    ['a method of a service', { providers: [ServiceWithScopes] }, 'ServiceWithScopes.list'],
    ['an inherited method of a service', { providers: [DerivedService] }, 'DerivedService.list'],
    [
      'a service that a factory creates',
      { providers: [{ provide: 'x', useFactory: () => new ServiceWithScopes() }] },
      'ServiceWithScopes.list',
    ],
    ['a static method', { providers: [ServiceWithStatic] }, 'ServiceWithStatic.list'],
    ['a method with a symbol as name', { controllers: [SymbolController] }, 'SymbolController.Symbol(list)'],
    ['a method that is not a route', { controllers: [BesideController] }, 'BesideController.helper'],
    ['an accessor', { controllers: [AccessorController] }, 'AccessorController.list'],
    ['a property', { controllers: [PropertyController] }, 'PropertyController.list'],
    ['a route whose metadata is lost', { controllers: [LostRouteController] }, 'LostRouteController.list'],
  ])('rejects %s', async (_, metadata, name) => {
    await expect(startApp(metadata)).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'unguarded_handler',
      message: expect.stringContaining(`${name} has a decorator that requires an access token`),
    });
  });

  test.each([NotPublicController, ScopedMixinController])(
    'rejects a class whose prototype has the constructor of another class: %o',
    async (controller) => {
      await expect(startApp({ controllers: [controller] })).rejects.toMatchObject({
        code: 'unguarded_handler',
        message: expect.stringContaining(`${controller.name}.prototype.constructor is another class`),
      });
    },
  );

  test('accepts an inherited method that is not a route', async () => {
    const { call } = await startApp({ controllers: [OverridingController] });
    expect(await call('/overriding/find')).toMatchObject({ status: 404 });
  });
});
