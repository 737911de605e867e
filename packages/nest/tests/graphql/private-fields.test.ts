// A context that is one object for several requests is copied for each operation. A copy has no private fields.

import { ApolloDriver } from '@nestjs/apollo';
import { Logger } from '@nestjs/common';
import { Context, GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Principal } from '../../src/index.ts';
import { type Adapter, startApp } from '../support/start/start-app.ts';

interface Tenant {
  readonly name: string;
  read(): string;
  load(): Promise<string>;
  set(name: string): string;
}

/** Has no private fields. */
class PlainTenant implements Tenant {
  name = 'x';

  read() {
    return this.name;
  }

  async load() {
    return Promise.resolve(this.name);
  }

  set(name: string) {
    this.name = name;
    return this.name;
  }
}

class PrivateTenant implements Tenant {
  #name = 'x';

  get name() {
    return this.#name;
  }

  read() {
    return this.#name;
  }

  async load() {
    return Promise.resolve(this.#name);
  }

  set(name: string) {
    this.#name = name;
    return this.#name;
  }
}

class DerivedTenant extends PrivateTenant {}

/** Has private methods, and what each `Map` has. */
class MapTenant extends Map<string, string> implements Tenant {
  get name() {
    return this.#read();
  }

  read() {
    return this.#read();
  }

  async load() {
    return Promise.resolve(this.get('name') ?? 'x');
  }

  // biome-ignore lint/suspicious/noExplicitAny: a method of Map with another result.
  override set(name: string): any {
    super.set('name', name);
    return name;
  }

  #read() {
    return this.get('name') ?? 'x';
  }
}

const { read, load, set } = PlainTenant.prototype;
const withoutClass = Object.assign(Object.create(null), { name: 'x', read, load, set }) as object;

@Resolver()
class TenantsResolver {
  @Query(() => [String])
  async tenant(@Context() context: Tenant & { tenant?: Tenant }, @Principal('sub') sub: string) {
    const { tenant = context } = context;
    return [sub, tenant.name, tenant.read(), await tenant.load(), tenant.set('x')];
  }

  @Query(() => String)
  name(@Context() context: Tenant) {
    return context.name;
  }

  @Query(() => String)
  read(@Context() context: Tenant) {
    return context.read();
  }

  @Query(() => String)
  async load(@Context() context: Tenant) {
    return context.load();
  }

  @Query(() => String)
  set(@Context() context: Tenant) {
    return context.set('y');
  }

  @Query(() => String)
  other() {
    throw new TypeError('other error');
  }
}

const servers: readonly [string, Adapter, object][] = [
  ['Apollo', 'express', { driver: ApolloDriver }],
  ['Mercurius', 'fastify', { driver: MercuriusDriver }],
];

beforeEach(() => {
  vi.spyOn(Logger.prototype, 'error').mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function start(context: unknown, adapter: Adapter, module: object) {
  const { call, mint } = await startApp(
    {
      imports: [GraphQLModule.forRoot({ autoSchemaFile: true, ...module, context } as never)],
      providers: [TenantsResolver],
    },
    { adapter },
  );
  const alice = await mint({ sub: 'alice' });
  return async (query: string) => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    };
    return (await call('/graphql', alice, init)).body;
  };
}

const kinds = ['an object', 'a function'] as const;
const toOption = (kind: (typeof kinds)[number], shared: object) =>
  kind === 'an object' ? shared : () => shared;

describe.each(servers)('N31: a context of several requests, with %s', (_, adapter, module) => {
  test.each(
    kinds.flatMap((kind) => [PlainTenant, PrivateTenant, MapTenant].map((type) => [kind, type] as const)),
  )('%s with an instance in a property works: %o', async (kind, type) => {
    const send = await start(toOption(kind, { tenant: new type() }), adapter, module);
    for (let i = 0; i < 3; i++)
      expect(await send('{ tenant }')).toEqual({ data: { tenant: ['alice', 'x', 'x', 'x', 'x'] } });
  });

  test.each(
    kinds.flatMap((kind) => [
      [kind, 'an instance without private fields', new PlainTenant()] as const,
      [kind, 'an object whose prototype has no class', Object.create(withoutClass)] as const,
    ]),
  )('%s that is %s works', async (kind, __, shared) => {
    const send = await start(toOption(kind, shared as object), adapter, module);
    for (let i = 0; i < 3; i++)
      expect(await send('{ tenant }')).toEqual({ data: { tenant: ['alice', 'x', 'x', 'x', 'x'] } });
    expect(await send('{ other }')).toMatchObject({ errors: [{ message: 'other error' }] });
  });

  test.each(
    kinds.flatMap((kind) => [PrivateTenant, DerivedTenant, MapTenant].map((type) => [kind, type] as const)),
  )('%s that is an instance with private fields names the class and the remedy: %o', async (kind, type) => {
    const send = await start(toOption(kind, new type()), adapter, module);
    // A function may return a new object for each operation, so its first one is not copied.
    if (kind === 'a function') await send('{ __typename }');
    for (const field of ['name', 'read', 'load', 'set'])
      expect(await send(`{ ${field} }`), field).toMatchObject({
        errors: [
          {
            message: expect.stringMatching(
              new RegExp(
                `one instance of ${type.name} for several requests.*Put the instance into a property`,
              ),
            ),
          },
        ],
      });
  });
});
