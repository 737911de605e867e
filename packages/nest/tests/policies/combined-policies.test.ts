import { TransportError } from '@countersign/core/resource-server';
import {
  Controller,
  Delete,
  type ExecutionContext,
  ForbiddenException,
  Get,
  Injectable,
  Logger,
  NotFoundException,
  Param,
  ServiceUnavailableException,
} from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import {
  AccessTokenException,
  accessReport,
  createPolicy,
  EntityAccess,
  type EntityPolicyProvider,
  formatAccessReport,
  OptionalAuth,
  Policy,
  type PolicyDeclaration,
  type PolicyProvider,
  Principal,
  type VerifiedAccessToken,
} from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

let calls: string[] = [];
let error: MockInstance;
beforeEach(() => {
  calls = [];
  error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

@Injectable()
class GroupPolicy implements PolicyProvider<{ group: string }> {
  allows({ claims }: VerifiedAccessToken, _: ExecutionContext, { group }: { group: string }) {
    calls.push(group);
    return [claims.groups].flat().includes(group);
  }
}

const requireGroup = (group: string) => createPolicy(GroupPolicy, { group });
const fail = (thrown: () => unknown) => () => {
  throw thrown();
};
const outage = fail(() => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
const nothing = (() => undefined) as unknown as () => boolean;

async function call(policy: PolicyDeclaration, groups: string[] = []) {
  @Controller('items')
  class ItemsController {
    @Policy(policy)
    @Get()
    items() {
      return {};
    }
  }
  const started = await startApp({ controllers: [ItemsController], providers: [GroupPolicy] });
  const { status, headers } = await started.call('/items', await started.mint({ groups }));
  return { status, headers, report: formatAccessReport(accessReport(started.app)) };
}

describe('policies with parameters, all, any and not', () => {
  test.each<[string, PolicyDeclaration, string[], number, string[]]>([
    ['parameters allow', requireGroup('a'), ['a'], 200, ['a']],
    ['parameters deny', requireGroup('a'), ['b'], 403, ['a']],
    ['all allow', { all: [requireGroup('a'), requireGroup('b')] }, ['a', 'b'], 200, ['a', 'b']],
    ['all: one policy denies', { all: [requireGroup('a'), requireGroup('b')] }, ['b'], 403, ['a']],
    ['any: one policy allows', { any: [requireGroup('a'), requireGroup('b')] }, ['b'], 200, ['a', 'b']],
    ['any: the first policy allows', { any: [requireGroup('a'), requireGroup('b')] }, ['a'], 200, ['a']],
    ['any: no policy allows', { any: [requireGroup('a'), requireGroup('b')] }, ['c'], 403, ['a', 'b']],
    ['not: the policy denies', { not: requireGroup('a') }, ['b'], 200, ['a']],
    ['not: the policy allows', { not: requireGroup('a') }, ['a'], 403, ['a']],
    [
      'nested',
      { all: [{ not: { any: [requireGroup('x'), () => false] } }, requireGroup('a')] },
      ['a'],
      200,
      ['x', 'a'],
    ],
    ['a function that returns nothing', nothing, [], 403, []],
  ])('%s', async (_, policy, groups, status, expected) => {
    expect(await call(policy, groups)).toMatchObject({ status });
    expect(calls).toEqual(expected);
  });

  test('the access report shows combinations and parameters', async () => {
    const { report } = await call({
      any: [
        requireGroup('a'),
        {
          not: function isGuest() {
            return false;
          },
        },
      ],
    });
    expect(report).toContain('policies any(GroupPolicy({"group":"a"}), not(isGuest))');
  });
});

describe('an exception of a policy is neither a denial nor a permission', () => {
  const unexpected = fail(() => new Error('no such column'));
  test.each<[string, PolicyDeclaration, number]>([
    ['an exception', unexpected, 500],
    ['an exception below any, before a policy that allows', { any: [unexpected, () => true] }, 500],
    ['an exception below not', { not: unexpected }, 500],
    ['a rejected promise without a value', () => Promise.reject(), 500],
    ['a policy below not that returns nothing', { not: nothing }, 500],
    ['an outage', outage, 503],
    ['an outage below not', { not: { all: [outage] } }, 503],
    [
      'a response of another service',
      fail(() => Object.assign(new Error('x'), { response: { status: 502 } })),
      503,
    ],
    ['an exception of Nest for an outage', fail(() => new ServiceUnavailableException()), 503],
  ])('%s', async (_, policy, status) => {
    expect(await call(policy)).toMatchObject({ status });
    expect(error.mock.lastCall?.[0]).toContain('ItemsController.items: rejected');
  });

  test('a response to an outage has Retry-After, and a decision of the policy is not logged', async () => {
    expect((await call(outage)).headers.get('retry-after')).toBe('5');
    error.mockClear();
    expect(await call(fail(() => new NotFoundException()))).toMatchObject({ status: 404 });
    expect(await call(fail(() => new ForbiddenException()))).toMatchObject({ status: 403 });
    expect(error).not.toHaveBeenCalled();
  });
});

test('rejects an invalid policy at its declaration', () => {
  class NoPolicy {}
  for (const wrong of [
    undefined,
    null,
    'admin',
    NoPolicy,
    {},
    { all: [] },
    { any: [] },
    { all: 'x' },
    { not: undefined },
    { any: [() => true, undefined] },
    { all: [() => true], not: () => true },
    { policy: NoPolicy, parameters: {} },
  ])
    expect(() => Policy(wrong as never), JSON.stringify(wrong)).toThrow(
      expect.objectContaining({ code: 'invalid_option' }),
    );
});

interface Order {
  readonly id: string;
  readonly owner: string;
}

const isOwner = ({ sub }: VerifiedAccessToken, { owner }: Order) => sub === owner;

@Injectable()
class SharedPolicy implements EntityPolicyProvider<Order> {
  allowsEntity({ sub }: VerifiedAccessToken, { id }: Order) {
    if (id === 'broken') throw new Error('no such column');
    if (id === 'unavailable') throw Object.assign(new Error('x'), { code: 'ETIMEDOUT' });
    if (id === 'hidden') throw new NotFoundException();
    if (id === 'busy') throw new TransportError('server_error', 'x', { retryAfter: 30 });
    return id === 'shared' && sub === 'bob';
  }
}

@Controller('orders')
class OrdersController {
  constructor(private readonly access: EntityAccess) {}

  @OptionalAuth()
  @Delete(':id')
  async remove(@Param('id') id: string, @Principal() principal: VerifiedAccessToken | undefined) {
    const order = { id, owner: 'alice' };
    await this.access.require({ any: [isOwner, SharedPolicy] }, { principal, entity: order });
    calls.push(`${id} removed`);
    return {};
  }
}
Reflect.defineMetadata('design:paramtypes', [EntityAccess], OrdersController);

describe.each(adapters)('EntityAccess on %s', (adapter) => {
  test.each([
    ['the owner is allowed', 'mine', 'alice', 200],
    ['another policy allows', 'shared', 'bob', 200],
    ['another user is denied', 'mine', 'bob', 403],
    ['an anonymous request is rejected', 'mine', undefined, 401],
    ['an exception leads to 500', 'broken', 'bob', 500],
    ['an outage leads to 503', 'unavailable', 'bob', 503],
    ['an outage that names the time of the next attempt leads to 503', 'busy', 'bob', 503],
    ['an exception of Nest is sent', 'hidden', 'bob', 404],
  ])('%s', async (_, id, sub, status) => {
    const { call, mint } = await startApp(
      { controllers: [OrdersController], providers: [SharedPolicy] },
      { adapter, auth: { errorFormat: 'problem' } },
    );
    const response = await call(`/orders/${id}`, sub && (await mint({ sub })), { method: 'DELETE' });
    expect(response.status).toBe(status);
    expect(calls).toEqual(status === 200 ? [`${id} removed`] : []);
    expect(error).toHaveBeenCalledTimes(status >= 500 ? 1 : 0);
    const delays: Record<string, string> = { unavailable: '5', busy: '30' };
    expect(response.headers.get('retry-after')).toBe(delays[id] ?? null);
    if (status === 503) expect(response.body).toMatchObject({ status, code: 'server_error' });
    if (status === 401) expect(response.challenge).toBe('Bearer');
    if (status === 403) expect(response.body).toMatchObject({ status: 403, code: 'access_denied' });
  });
});

test('EntityAccess rejects an invalid policy, and names a class that no module provides', async () => {
  const { app } = await startApp({ controllers: [] });
  const access = app.get(EntityAccess);
  const entity = { id: '1', owner: 'alice' };
  const principal = { sub: 'alice' } as VerifiedAccessToken;
  await expect(access.require(undefined as never, { principal, entity })).rejects.toMatchObject({
    code: 'invalid_option',
  });
  await expect(access.require(SharedPolicy, { principal, entity })).rejects.toMatchObject({ status: 500 });
  expect(error).toHaveBeenCalledWith(expect.stringContaining('SharedPolicy'), expect.anything());
  await expect(access.require(() => false, { principal, entity })).rejects.toBeInstanceOf(
    AccessTokenException,
  );
});
