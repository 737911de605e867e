import {
  applyDecorators,
  Controller,
  Delete,
  Get,
  Injectable,
  Post,
  Scope,
  SetMetadata,
  type Type,
} from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import {
  MaxAge,
  OptionalAuth,
  Policy,
  Protected,
  Public,
  RequireAnyScope,
  RequireRoles,
  RequireScopes,
} from '../../src/index.ts';
import { ReplaceMethod } from '../support/replace-method.ts';
import { adapters, startApp } from '../support/start-app.ts';

type Method = (...args: unknown[]) => unknown;

/** Replaces the function and copies its metadata. */
const ReplaceMethodWithMetadata = (): MethodDecorator => (_target, _name, descriptor: PropertyDescriptor) => {
  const original = descriptor.value as Method;
  const replacement = (...args: unknown[]) => original.apply(undefined, args);
  for (const key of Reflect.getOwnMetadataKeys(original))
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), replacement);
  descriptor.value = replacement;
};

/** Replaces each method of the prototype, like class decorators for tracing. */
const ReplaceAllMethods = (): ClassDecorator => (target) => {
  for (const name of Object.getOwnPropertyNames(target.prototype)) {
    const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name) as PropertyDescriptor;
    if (name === 'constructor') continue;
    const original = descriptor.value as Method;
    const replacement = function (this: unknown, ...args: unknown[]) {
      return original.apply(this, args);
    };
    for (const key of ['path', 'method'])
      Reflect.defineMetadata(key, Reflect.getMetadata(key, original), replacement);
    Object.defineProperty(target.prototype, name, { ...descriptor, value: replacement });
  }
};

const Proxied = (): ClassDecorator => (target) => new Proxy(target, {});

@Controller('replaced')
class ReplacedController {
  @Get('below')
  @ReplaceMethod()
  @RequireScopes('items:read')
  below() {
    return {};
  }

  @Get('around')
  @RequireRoles('admin')
  @ReplaceMethod()
  @RequireScopes('items:read')
  around() {
    return {};
  }

  @Get('copied')
  @ReplaceMethodWithMetadata()
  @RequireScopes('items:read')
  copied() {
    return {};
  }

  @Get('twice')
  @ReplaceMethod()
  @ReplaceMethod()
  @MaxAge(60)
  @RequireScopes('items:read')
  twice() {
    return {};
  }

  @Get('applied')
  @ReplaceMethod()
  @applyDecorators(SetMetadata('other', true), RequireScopes('items:read'))
  applied() {
    return {};
  }

  @Get('public')
  @ReplaceMethod()
  @Public()
  public() {
    return {};
  }
}

@ReplaceAllMethods()
@Controller('replaced-methods')
class ReplacedMethodsController {
  @RequireScopes('items:read')
  @Get()
  list() {
    return {};
  }
}

@Controller('proxied')
@Proxied()
@RequireScopes('items:read')
class ProxiedController {
  @Get()
  list() {
    return {};
  }
}

@RequireScopes('items:read')
@Controller('proxied-below')
@Proxied()
class ProxiedBelowController {
  @Get()
  list() {
    return {};
  }
}

@Controller('bound')
class BoundController {
  constructor() {
    this.list = this.list.bind(this);
  }

  @RequireScopes('items:read')
  @Get()
  list() {
    return {};
  }
}

@Controller({ path: 'bound-scoped', scope: Scope.REQUEST })
class BoundScopedController {
  constructor() {
    this.list = this.list.bind(this);
  }

  @RequireScopes('items:read')
  @Get()
  list() {
    return {};
  }
}

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

class MixinSource {
  @RequireScopes('items:read')
  @Get()
  list() {
    return {};
  }
}

/** Copies methods, like mixin helpers. The helper of the TypeScript handbook also copies the constructor. */
const CopyMethods =
  (source: Type, { everything = false } = {}): ClassDecorator =>
  (target) => {
    const names = Object.getOwnPropertyNames(source.prototype);
    for (const name of names.filter((each) => everything || each !== 'constructor'))
      Object.defineProperty(
        target.prototype,
        name,
        Object.getOwnPropertyDescriptor(source.prototype, name) as PropertyDescriptor,
      );
  };

@CopyMethods(MixinSource)
@Controller('mixin')
class MixinController {}

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

describe.each(adapters)('on %s', (adapter) => {
  const start = (controllers: Type[]) => startApp({ controllers }, { adapter });

  test('N11: checks a requirement below a decorator that replaces the function', async () => {
    const { call, mint, server } = await start([ReplacedController, ReplacedMethodsController]);
    const now = Math.floor(server.clock.now() / 1000);
    const good = await mint({ scope: 'items:read', roles: ['admin'], auth_time: now });
    const lacking = await mint({ roles: ['admin'], auth_time: now });
    for (const name of ['below', 'around', 'copied', 'twice', 'applied'].map((each) => `/replaced/${each}`)) {
      expect(await call(name), name).toMatchObject({ status: 401 });
      expect(await call(name, lacking), name).toMatchObject({ status: 403 });
      expect(await call(name, good), name).toMatchObject({ status: 200 });
    }
    const old = await mint({ scope: 'items:read', auth_time: now - 600 });
    expect(await call('/replaced/twice', old)).toMatchObject({ status: 401 });
    expect(await call('/replaced/around', await mint({ scope: 'items:read' }))).toMatchObject({
      status: 403,
    });
    expect(await call('/replaced/public')).toMatchObject({ status: 200 });
    expect(await call('/replaced-methods', lacking)).toMatchObject({ status: 403 });
    expect(await call('/replaced-methods', good)).toMatchObject({ status: 200 });
  });

  test('N11: checks a requirement of a class that a decorator replaces', async () => {
    const { call, mint } = await start([ProxiedController, ProxiedBelowController]);
    for (const path of ['/proxied', '/proxied-below']) {
      expect(await call(path, await mint()), path).toMatchObject({ status: 403 });
      expect(await call(path, await mint({ scope: 'items:read' })), path).toMatchObject({ status: 200 });
    }
  });

  test('N11: checks a requirement of a method that the constructor binds', async () => {
    const { call, mint } = await start([BoundController, BoundScopedController]);
    expect(await call('/bound', await mint())).toMatchObject({ status: 403 });
    expect(await call('/bound', await mint({ scope: 'items:read' }))).toMatchObject({ status: 200 });
    // Each request binds a new function, whose decorators cannot be found. Such a handler never runs.
    for (const scope of ['openid', 'items:read'])
      expect((await call('/bound-scoped', await mint({ scope }))).status).toBeGreaterThanOrEqual(400);
  });

  test('N12: checks the requirement of an overridden method for the override', async () => {
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

  test('N12: does not apply @Public() or @OptionalAuth() of a base method to an override', async () => {
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

  test('N12: protects a class or a handler of a public class with @Protected()', async () => {
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

  test('N11: checks a requirement of a method that a mixin copies', async () => {
    const { call, mint } = await start([MixinController]);
    expect(await call('/mixin', await mint())).toMatchObject({ status: 403 });
    expect(await call('/mixin', await mint({ scope: 'items:read' }))).toMatchObject({ status: 200 });
  });
});

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

describe('N13: at startup, requirements that no guard checks', () => {
  test.each([
    ['a method of a service', { providers: [ServiceWithScopes] }, 'ServiceWithScopes.list'],
    ['an inherited method of a service', { providers: [DerivedService] }, 'DerivedService.list'],
    [
      'a service that a factory creates',
      { providers: [{ provide: 'x', useFactory: () => new ServiceWithScopes() }] },
      'ServiceWithScopes.list',
    ],
    ['a static method', { providers: [ServiceWithStatic] }, 'ServiceWithStatic.list'],
    ['a method under a symbol', { controllers: [SymbolController] }, 'SymbolController.Symbol(list)'],
    ['a method beside a route', { controllers: [BesideController] }, 'BesideController.helper'],
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
    const { call } = await startApp({ controllers: [PublicOverridesController] });
    expect(await call('/public-overrides/find')).toMatchObject({ status: 404 });
  });
});
