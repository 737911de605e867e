import { type CanActivate, Injectable, type Type, UseGuards } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { expect, test } from 'vitest';
import { AccessTokenGuard } from '../index.ts';
import { createExplicitGuardFinder } from './explicit-guards.ts';

@Injectable()
class DerivedGuard extends AccessTokenGuard {}

class OtherGuard implements CanActivate {
  canActivate() {
    return true;
  }
}

const createInstance = (type: Type) => Object.create(type.prototype as object) as AccessTokenGuard;
const guardInstance = createInstance(AccessTokenGuard);

@UseGuards(OtherGuard, AccessTokenGuard)
class ItemsResolver {
  plain() {}

  @UseGuards(DerivedGuard)
  derived() {}

  @UseGuards(guardInstance)
  instance() {}
}

class OtherResolver {}

interface FakeGuard {
  readonly instance?: unknown;
  readonly isStatic?: boolean;
}

/** Creates a module with one resolver class and instances of guards. */
const createModule = (resolver: Type, guards: ReadonlyMap<Type, FakeGuard>) => ({
  controllers: new Map(),
  providers: new Map([[resolver, { metatype: resolver, instance: createInstance(resolver) }]]),
  injectables: new Map(
    [...guards].map(([type, { instance, isStatic = true }]) => [
      type,
      { instance, isDependencyTreeStatic: () => isStatic },
    ]),
  ),
});

function find(method: 'plain' | 'derived' | 'instance', ...modules: ReturnType<typeof createModule>[]) {
  const container = new Map(modules.map((each, index) => [String(index), each]));
  const finder = createExplicitGuardFinder(container as unknown as ModulesContainer);
  return finder({ owner: ItemsResolver, method: ItemsResolver.prototype[method] });
}

const [first, second, derived] = [AccessTokenGuard, AccessTokenGuard, DerivedGuard].map(createInstance);

test('N19: finds the guard of the class and of the method, including one that extends it', () => {
  const guards = new Map<Type, FakeGuard>([
    [AccessTokenGuard, { instance: first }],
    [DerivedGuard, { instance: derived }],
  ]);
  const module = createModule(ItemsResolver, guards);
  expect(find('plain', module)).toEqual([first]);
  expect(find('derived', module)).toEqual([first, derived]);
  expect(find('derived', module)[1]).toBe(derived);
});

test('N19: finds a guard that is an instance', () => {
  const module = createModule(ItemsResolver, new Map([[AccessTokenGuard, { instance: first }]]));
  const found = find('instance', module);
  expect(found).toHaveLength(2);
  expect(found[1]).toBe(guardInstance);
});

test('N19: uses the guards of every module that contains the class, and of no other module', () => {
  const create = (resolver: Type, instance: unknown) =>
    createModule(resolver, new Map([[AccessTokenGuard, { instance }]]));
  const found = find(
    'plain',
    create(ItemsResolver, first),
    create(OtherResolver, derived),
    create(ItemsResolver, second),
  );
  expect(found).toHaveLength(2);
  expect(found[0]).toBe(first);
  expect(found[1]).toBe(second);
});

test.each([
  ['is created for each request', { instance: first, isStatic: false }],
  ['has no instance', {}],
])('N19: rejects a guard that %s', (_, guard) => {
  const module = createModule(ItemsResolver, new Map([[AccessTokenGuard, guard]]));
  expect(() => find('plain', module)).toThrow(
    expect.objectContaining({ name: 'ConfigurationError', code: 'unguarded_handler' }),
  );
});

test('N19: rejects a guard that its module does not contain', () => {
  expect(() => find('plain', createModule(ItemsResolver, new Map()))).toThrow(
    expect.objectContaining({ code: 'unguarded_handler' }),
  );
});
