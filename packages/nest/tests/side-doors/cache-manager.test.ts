import { CACHE_MANAGER, CacheInterceptor, CacheKey, CacheModule } from '@nestjs/cache-manager';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  type NestInterceptor,
  Patch,
  Post,
  Scope,
  Search,
  type Type,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { describe, expect, test } from 'vitest';
import { getPrincipalKey, OptionalAuth, Principal, Public, RequireScopes } from '../../src/index.ts';
import { type Adapter, adapters, startApp } from '../support/start/start-app.ts';

@Injectable()
class UserCacheInterceptor extends CacheInterceptor {
  protected override trackBy(context: ExecutionContext) {
    const key = super.trackBy(context);
    return key && `${getPrincipalKey(context)} ${key}`;
  }
}

@Injectable()
class RenamedInterceptor extends CacheInterceptor {}

@Injectable()
class PostCacheInterceptor extends CacheInterceptor {
  protected override allowedMethods = ['GET', 'POST'];
}

@Injectable()
class InheritedPostCacheInterceptor extends PostCacheInterceptor {}

@Injectable({ scope: Scope.REQUEST })
class ScopedPostCacheInterceptor extends PostCacheInterceptor {}

@Injectable()
class EveryMethodInterceptor extends CacheInterceptor {
  protected override isRequestCacheable() {
    return true;
  }
}

/** An interceptor of the application, whose key contains the user. */
@Injectable()
class OwnCacheInterceptor implements NestInterceptor {
  constructor(@Inject(CACHE_MANAGER) readonly cache: object) {}

  trackBy(context: ExecutionContext) {
    return this.isRequestCacheable() ? getPrincipalKey(context) : undefined;
  }

  isRequestCacheable() {
    return true;
  }

  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle();
  }
}

/** Creates a controller with a decorator on its class or on its handler. */
function createController(
  decorate: { onClass?: ClassDecorator; onMethod?: MethodDecorator; route?: MethodDecorator } = {},
): Type {
  const none = () => {};
  @(decorate.onClass ?? none)
  @Controller('profile')
  class ProfileController {
    @(decorate.onMethod ?? none)
    @(decorate.route ?? Get())
    profile(@Principal('sub') sub: string | undefined) {
      return { sub };
    }
  }
  return ProfileController;
}

const start = (
  controller: Type,
  { adapter, global }: { readonly adapter: Adapter; readonly global?: Type },
) =>
  startApp(
    {
      imports: [CacheModule.register()],
      controllers: [controller],
      providers: global ? [{ provide: APP_INTERCEPTOR, useClass: global }] : [],
    },
    { adapter },
  );

describe.each(adapters)('N24: CacheInterceptor on %s', (adapter) => {
  test.each<[string, Parameters<typeof createController>[0], Type?]>([
    ['on a handler', { onMethod: UseInterceptors(CacheInterceptor) }],
    ['on a class', { onClass: UseInterceptors(CacheInterceptor) }],
    ['for the application', {}, CacheInterceptor],
    ['under another name', {}, RenamedInterceptor],
    ['with a fixed key', { onClass: UseInterceptors(CacheInterceptor), onMethod: CacheKey('profile') }],
    ['on an optional handler', { onClass: UseInterceptors(CacheInterceptor), onMethod: OptionalAuth() }],
    [
      'on a handler with a requirement',
      { onClass: RequireScopes('a'), onMethod: UseInterceptors(CacheInterceptor) },
    ],
    [
      'with a fixed key on a handler that writes',
      { onClass: UseInterceptors(CacheInterceptor), onMethod: CacheKey('x'), route: Post() },
    ],
    ['for POST, on a class', { onClass: UseInterceptors(PostCacheInterceptor), route: Post() }],
    ['for POST, on a handler', { onMethod: UseInterceptors(PostCacheInterceptor), route: Post() }],
    ['for POST, for the application', { route: Post() }, PostCacheInterceptor],
    ['for POST by a base class', { route: Post() }, InheritedPostCacheInterceptor],
    ['for POST, request-scoped', { route: Post() }, ScopedPostCacheInterceptor],
    [
      'for POST, request-scoped on a handler',
      { onMethod: UseInterceptors(ScopedPostCacheInterceptor), route: Post() },
    ],
    ['for every method', { onClass: UseInterceptors(EveryMethodInterceptor), route: Search() }],
    ['for every method, for the application', { route: Patch() }, EveryMethodInterceptor],
  ])('%s: the application does not start', async (_, decorate, global) => {
    const error = await start(createController(decorate), { adapter, ...(global && { global }) }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ code: 'shared_cache' });
    expect((error as Error).message).toContain('ProfileController.profile');
    expect((error as Error).message).toContain('getPrincipalKey');
  });

  test('as an instance for the application: the application does not start', async () => {
    const interceptor = Object.create(CacheInterceptor.prototype) as CacheInterceptor;
    await expect(
      startApp(
        { controllers: [createController()] },
        { adapter, before: (app) => void app.useGlobalInterceptors(interceptor) },
      ),
    ).rejects.toMatchObject({ code: 'shared_cache' });
  });

  test('as an instance with other methods: the application does not start', async () => {
    const interceptor = Object.assign(Object.create(CacheInterceptor.prototype) as CacheInterceptor, {
      allowedMethods: ['POST'],
    });
    await expect(
      startApp(
        { controllers: [createController({ route: Post() })] },
        { adapter, before: (app) => void app.useGlobalInterceptors(interceptor) },
      ),
    ).rejects.toMatchObject({ code: 'shared_cache' });
  });

  test.each<[string, Parameters<typeof createController>[0]]>([
    ['a public handler', { onClass: UseInterceptors(CacheInterceptor), onMethod: Public() }],
    ['a handler that only writes', { onClass: UseInterceptors(CacheInterceptor), route: Post() }],
    ['a class that caches GET', { onClass: UseInterceptors(RenamedInterceptor), route: Post() }],
    ['a class with methods of the same names', { onClass: UseInterceptors(OwnCacheInterceptor) }],
    ['a method that is not cached', { onClass: UseInterceptors(PostCacheInterceptor), route: Patch() }],
    [
      'a key that the application computes',
      {
        onClass: UseInterceptors(CacheInterceptor),
        onMethod: CacheKey((context) => `${getPrincipalKey(context)}`),
      },
    ],
  ])('is accepted for %s', async (_, decorate) => {
    await start(createController(decorate), { adapter });
  });

  test('is accepted as a provider that is not used as an interceptor', async () => {
    await startApp(
      {
        imports: [CacheModule.register()],
        controllers: [createController()],
        providers: [CacheInterceptor, RenamedInterceptor],
      },
      { adapter },
    );
  });

  test('with the user in its key, separates the responses of users', async () => {
    const { call, mint } = await start(createController(), { global: UserCacheInterceptor, adapter });
    for (const [sub, expected] of [
      ['alice', 'MISS'],
      ['bob', 'MISS'],
      ['alice', 'HIT'],
      ['bob', 'HIT'],
    ] as const) {
      const { body, headers } = await call('/profile', await mint({ sub }));
      expect({ body, cache: headers.get('x-cache') }).toEqual({ body: { sub }, cache: expected });
    }
    expect(await call('/profile')).toMatchObject({ status: 401 });
  });
});
