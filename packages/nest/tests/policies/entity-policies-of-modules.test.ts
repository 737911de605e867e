// `EntityAccess` does not know which module calls it, so it cannot choose one of several instances of a policy class.

import {
  Controller,
  Get,
  Inject,
  Injectable,
  Logger,
  Module,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { afterEach, expect, test, vi } from 'vitest';
import { EntityAccess, Principal, type VerifiedAccessToken } from '../../src/index.ts';
import { startApp } from '../support/start/start-app.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

@Injectable()
class OwnerPolicy {
  allowsEntity({ sub }: VerifiedAccessToken, { owner }: { owner: string }) {
    return sub === owner;
  }
}

@Injectable()
class InheritedPolicy extends OwnerPolicy {}

/** The policy uses it for other classes. */
@Injectable()
class DependentPolicy extends OwnerPolicy {
  constructor(@Inject(ModuleRef) _modules: ModuleRef) {
    super();
  }
}

async function startEntityModules(
  policy: Type<OwnerPolicy>,
  { provider = policy }: { readonly provider?: Provider } = {},
) {
  const create = (path: string) => {
    @Controller(path)
    class EntityController {
      constructor(@Inject(EntityAccess) private readonly access: EntityAccess) {}

      @Get()
      async read(@Principal() principal: VerifiedAccessToken) {
        await this.access.require(policy, { principal, entity: { owner: 'alice' } });
        return {};
      }
    }

    @Module({ controllers: [EntityController], providers: [provider] })
    class EntityModule {}
    return EntityModule;
  };
  const { call, mint } = await startApp({ imports: [create('a'), create('b')] });
  const list = async (sub: string) =>
    Promise.all(['/a', '/b'].map(async (path) => (await call(path, await mint({ sub }))).status));
  return { alice: await list('alice'), bob: await list('bob') };
}

// Whether instances can differ is not visible: a method can write a field, and a decorator can replace a method.
test.each([
  [OwnerPolicy, OwnerPolicy],
  [InheritedPolicy, InheritedPolicy],
  [DependentPolicy, DependentPolicy],
  [OwnerPolicy, { provide: OwnerPolicy, useFactory: () => new OwnerPolicy() }],
  [OwnerPolicy, { provide: OwnerPolicy, useClass: InheritedPolicy }],
] as [Type<OwnerPolicy>, Provider][])(
  'N2: an application does not start if EntityAccess would have to choose one of several instances: %o, %o',
  async (policy, provider) => {
    await expect(startEntityModules(policy, { provider })).rejects.toMatchObject({
      code: 'invalid_option',
      message: expect.stringMatching(
        `EntityAccess.require\\(${policy.name}\\) is a provider of each of the modules EntityModule, EntityModule, expected one provider. Export it`,
      ),
    });
  },
);

test('N2: EntityAccess uses a value that several modules provide', async () => {
  const provider = { provide: OwnerPolicy, useValue: new OwnerPolicy() };
  expect(await startEntityModules(OwnerPolicy, { provider })).toEqual({ alice: [200, 200], bob: [403, 403] });
});

/** Gets the instance of its module. */
@Injectable()
class InjectingSource {
  constructor(@Inject(OwnerPolicy) readonly policy: OwnerPolicy) {}
}

@Injectable()
class FetchingSource {
  constructor(@Inject(ModuleRef) private readonly modules: ModuleRef) {}

  get policy() {
    return this.modules.get(OwnerPolicy);
  }
}

@Injectable()
class FetchingPropertySource {
  @Inject(ModuleRef)
  private readonly modules!: ModuleRef;

  get policy() {
    return this.modules.get(OwnerPolicy);
  }
}

test.each([InjectingSource, FetchingSource, FetchingPropertySource])(
  'N2: an application starts if it gets the instances of a policy class itself, and EntityAccess rejects the class: %o',
  async (source) => {
    vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    const create = (path: string) => {
      @Controller(path)
      class EntityController {
        constructor(
          @Inject(EntityAccess) private readonly access: EntityAccess,
          @Inject(source) private readonly owner: { readonly policy: OwnerPolicy },
        ) {}

        @Get()
        async read(@Principal() principal: VerifiedAccessToken) {
          const isOwner = (user: VerifiedAccessToken, entity: { owner: string }) =>
            this.owner.policy.allowsEntity(user, entity);
          await this.access.require(isOwner, { principal, entity: { owner: 'alice' } });
          return {};
        }

        @Get('class')
        async readByClass(@Principal() principal: VerifiedAccessToken) {
          await this.access.require(OwnerPolicy, { principal, entity: { owner: 'alice' } });
          return {};
        }
      }

      @Module({ controllers: [EntityController], providers: [OwnerPolicy, source] })
      class EntityModule {}
      return EntityModule;
    };
    const { call, mint } = await startApp({ imports: [create('a'), create('b')] });
    const [alice, bob] = [await mint(), await mint({ sub: 'bob' })];
    for (const path of ['/a', '/b']) {
      expect((await call(path, alice)).status).toBe(200);
      expect((await call(path, bob)).status).toBe(403);
      expect((await call(`${path}/class`, alice)).status).toBe(500);
    }
  },
);
