import { Controller, Get, Scope, type Type } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import { Protected, Public, RequireScopes } from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

/** A decorator that replaces the function, as those for logs, caches and transactions do. */
const Logged = (): MethodDecorator => (_, __, descriptor) => {
  const { value } = descriptor as { value: (...args: unknown[]) => unknown };
  Object.assign(descriptor, {
    value(this: unknown, ...args: unknown[]) {
      return value.apply(this, args);
    },
  });
};

/** The mixin helper of the TypeScript handbook, without "constructor". */
function applyMixins(target: Type, ...sources: readonly Type[]): void {
  for (const { prototype } of sources)
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype)))
      if (name !== 'constructor')
        Object.defineProperty(target.prototype, name, descriptor as PropertyDescriptor);
}

class Readable {
  @Get('list')
  @Logged()
  @RequireScopes('items:read')
  list() {
    return { data: 'secret' };
  }
}

class Closed {
  @Get('closed')
  @Logged()
  @Protected()
  closed() {
    return { data: 'secret' };
  }
}

@Controller('copied')
class CopiedController {}
applyMixins(CopiedController, Readable);

@Controller('renamed')
class RenamedController {}
Object.defineProperty(RenamedController.prototype, 'other', {
  value: Readable.prototype.list,
  configurable: true,
});

@Controller('inherited')
class InheritedController extends CopiedController {}

@Controller('bound')
class BoundController {
  declare list: () => unknown;

  constructor() {
    this.list = this.list.bind(this);
  }
}
applyMixins(BoundController, Readable);

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {}
applyMixins(ScopedController, Readable);

@Public()
@Controller('open')
class OpenController {}
applyMixins(OpenController, Readable, Closed);

const controllers = [
  CopiedController,
  RenamedController,
  InheritedController,
  BoundController,
  ScopedController,
  OpenController,
];

describe.each(adapters)('N20: on %s', (adapter) => {
  test('checks the requirement of a method that was copied from another class', async () => {
    const { call, mint } = await startApp({ controllers }, { adapter });
    const [reader, other] = [await mint({ scope: 'items:read' }), await mint({ scope: 'other' })];
    for (const path of ['copied', 'renamed', 'inherited', 'bound', 'scoped', 'open']) {
      expect(await call(`/${path}/list`, other), path).toMatchObject({ status: 403 });
      expect(await call(`/${path}/list`), path).toMatchObject({ status: 401 });
      expect(await call(`/${path}/list`, reader), path).toMatchObject({ status: 200 });
    }
  });

  test('rejects anonymous requests to a protected method that was copied into a public class', async () => {
    const { call, mint } = await startApp({ controllers }, { adapter });
    expect(await call('/open/closed')).toMatchObject({ status: 401 });
    expect(await call('/open/closed', await mint())).toMatchObject({ status: 200 });
  });
});
