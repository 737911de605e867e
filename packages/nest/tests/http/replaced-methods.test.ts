import { applyDecorators, Controller, Get, Scope, SetMetadata, type Type } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import { MaxAge, Public, RequireRoles, RequireScopes } from '../../src/index.ts';
import { CopyMethods, ReplaceMethod } from '../support/replace-method.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

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

class MixinSource {
  @RequireScopes('items:read')
  @Get()
  list() {
    return {};
  }
}

@CopyMethods(MixinSource)
@Controller('mixin')
class MixinController {}

describe.each(adapters)('N11: requirements of replaced and copied methods on %s', (adapter) => {
  const start = (controllers: Type[]) => startApp({ controllers }, { adapter });

  test('checks a requirement below a decorator that replaces the function', async () => {
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

  test('checks a requirement of a class that a decorator replaces', async () => {
    const { call, mint } = await start([ProxiedController, ProxiedBelowController]);
    for (const path of ['/proxied', '/proxied-below']) {
      expect(await call(path, await mint()), path).toMatchObject({ status: 403 });
      expect(await call(path, await mint({ scope: 'items:read' })), path).toMatchObject({ status: 200 });
    }
  });

  test('checks a requirement of a method that the constructor binds', async () => {
    const { call, mint } = await start([BoundController, BoundScopedController]);
    expect(await call('/bound', await mint())).toMatchObject({ status: 403 });
    expect(await call('/bound', await mint({ scope: 'items:read' }))).toMatchObject({ status: 200 });
    // Each request binds a new function, whose decorators cannot be found. Such a handler never runs.
    for (const scope of ['openid', 'items:read'])
      expect((await call('/bound-scoped', await mint({ scope }))).status).toBeGreaterThanOrEqual(400);
  });

  test('checks a requirement of a method that a mixin copies', async () => {
    const { call, mint } = await start([MixinController]);
    expect(await call('/mixin', await mint())).toMatchObject({ status: 403 });
    expect(await call('/mixin', await mint({ scope: 'items:read' }))).toMatchObject({ status: 200 });
  });
});
