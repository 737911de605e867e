import {
  Controller,
  Get,
  Inject,
  Injectable,
  Logger,
  Module,
  type Provider,
  Scope,
  type Type,
} from '@nestjs/common';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createPolicy,
  EntityAccess,
  Policy,
  type PolicyProvider,
  Principal,
  type VerifiedAccessToken,
} from '../../src/index.ts';
import { startApp } from '../support/start/start-app.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

@Injectable()
class AllowedPolicy implements PolicyProvider {
  constructor(@Inject('ALLOWED') private readonly allowed: string) {}

  allows({ sub }: VerifiedAccessToken) {
    return sub === this.allowed;
  }

  allowsEntity({ sub }: VerifiedAccessToken) {
    return sub === this.allowed;
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedPolicy extends AllowedPolicy {}

interface ControllerOptions {
  readonly policy?: Type<PolicyProvider>;
}

function createController(path: string, { policy = AllowedPolicy }: ControllerOptions = {}): Type {
  @Controller(path)
  class PathController {
    @Policy(policy)
    @Get()
    read() {
      return {};
    }

    @Policy({ any: [createPolicy(policy, {}), () => false] })
    @Get('combined')
    readCombined() {
      return {};
    }
  }
  return PathController;
}

interface ModuleOptions extends ControllerOptions {
  /** The user that the policy of the module allows. Default: the module has no policy. */
  readonly allowed?: string;
  readonly imports?: readonly Type[];
  readonly exports?: readonly Type[];
}

function createModule(path: string | undefined, options: ModuleOptions): Type {
  const { policy = AllowedPolicy, allowed, imports = [], exports = [] } = options;
  @Module({
    controllers: path === undefined ? [] : [createController(path, { policy })],
    providers: allowed === undefined ? [] : [policy, { provide: 'ALLOWED', useValue: allowed }],
    imports: [...imports],
    exports: [...exports],
  })
  class PathModule {}
  return PathModule;
}

const orders = ['first', 'last'] as const;
const order = (modules: Type[], place: (typeof orders)[number]) =>
  place === 'first' ? modules : modules.reverse();

/** Lists the users that may call a path. */
async function listAllowed(imports: Type[], paths: readonly string[]) {
  const { call, mint } = await startApp({ imports });
  const allowed: Record<string, string[]> = {};
  for (const path of paths) {
    allowed[path] = [];
    for (const sub of ['alice', 'bob', 'carol'])
      if ((await call(`/${path}`, await mint({ sub }))).status === 200) allowed[path].push(sub);
  }
  return allowed;
}

describe.each(orders)('N2: a policy class of two modules, whose order is %s', (place) => {
  test.each([
    ['static', AllowedPolicy],
    ['request-scoped', ScopedPolicy],
  ] as const)('uses the provider of the module of the handler: %s', async (_, policy) => {
    const modules = [
      createModule('a', { policy, allowed: 'alice' }),
      createModule('b', { policy, allowed: 'bob' }),
    ];
    const paths = ['a', 'b', 'a/combined', 'b/combined'];
    expect(await listAllowed(order(modules, place), paths)).toEqual({
      a: ['alice'],
      b: ['bob'],
      'a/combined': ['alice'],
      'b/combined': ['bob'],
    });
  });

  test('uses the provider that the module of the handler imports, even through a module that exports it', async () => {
    const shared = createModule(undefined, { allowed: 'carol', exports: [AllowedPolicy] });
    const exporting = createModule(undefined, { imports: [shared], exports: [shared] });
    const modules = [
      createModule('a', { allowed: 'alice' }),
      createModule('b', { imports: [shared] }),
      createModule('c', { imports: [exporting] }),
    ];
    expect(await listAllowed(order(modules, place), ['a', 'b', 'c'])).toEqual({
      a: ['alice'],
      b: ['carol'],
      c: ['carol'],
    });
  });

  test('does not start if neither the module of the handler nor its imports provide the class', async () => {
    const hidden = createModule(undefined, { allowed: 'carol' });
    const modules = [
      createModule('a', { allowed: 'alice' }),
      createModule('b', { allowed: 'bob' }),
      createModule('c', { imports: [hidden] }),
    ];
    await expect(startApp({ imports: order(modules, place) })).rejects.toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining(
        '@Policy(AllowedPolicy) on PathController is a provider of each of the modules',
      ),
    });
  });
});

test('N2: uses the only provider, in any module', async () => {
  const modules = [createModule('a', { allowed: 'alice' }), createModule('c', {})];
  expect(await listAllowed(modules, ['a', 'c'])).toEqual({ a: ['alice'], c: ['alice'] });
});

test('N2: uses a value that several modules provide', async () => {
  const value = new AllowedPolicy('alice');
  const provide = () => {
    @Module({ providers: [{ provide: AllowedPolicy, useValue: value }] })
    class ValueModule {}
    return ValueModule;
  };
  expect(await listAllowed([provide(), provide(), createModule('c', {})], ['c'])).toEqual({ c: ['alice'] });
});

test('N2: EntityAccess rejects a policy class of which two modules have an instance', async () => {
  const log = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  @Controller('entity')
  class EntityController {
    constructor(@Inject(EntityAccess) private readonly access: EntityAccess) {}

    @Get()
    async read(@Principal() principal: VerifiedAccessToken) {
      await this.access.require(AllowedPolicy, { principal, entity: {} });
      return {};
    }
  }
  const start = (modules: Type[]) => startApp({ imports: modules, controllers: [EntityController] });
  const two = await start([createModule('a', { allowed: 'alice' }), createModule('b', { allowed: 'bob' })]);
  for (const sub of ['alice', 'bob'])
    expect((await two.call('/entity', await two.mint({ sub }))).status).toBe(500);
  expect(String(log.mock.calls[0])).toContain('is a provider of each of the modules PathModule, PathModule');
  const one = await start([createModule('a', { allowed: 'alice' })]);
  expect((await one.call('/entity', await one.mint({ sub: 'alice' }))).status).toBe(200);
  expect((await one.call('/entity', await one.mint({ sub: 'bob' }))).status).toBe(403);
});

@Injectable()
class StatelessPolicy implements PolicyProvider {
  allows({ sub }: VerifiedAccessToken) {
    return sub === 'alice';
  }
}

test.each<Provider>([
  StatelessPolicy,
  { provide: StatelessPolicy, scope: Scope.REQUEST, useFactory: () => new StatelessPolicy() },
])('N2: a class without dependencies and fields also needs a nearest provider: %o', async (provider) => {
  @Module({ providers: [provider] })
  class OrdersModule {}
  @Module({ providers: [provider] })
  class InvoicesModule {}
  @Controller('policy')
  class PolicyController {
    @Policy(StatelessPolicy)
    @Get()
    read() {
      return {};
    }
  }
  const start = startApp({ imports: [OrdersModule, InvoicesModule], controllers: [PolicyController] });
  await expect(start).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringMatching(
      /each of the modules OrdersModule, InvoicesModule, expected one provider\. Add StatelessPolicy to the providers of the module of PolicyController, or export it/,
    ),
  });
});
