import { ApolloDriver } from '@nestjs/apollo';
import { MercuriusDriver } from '@nestjs/mercurius';
import type { Adapter } from '../start/start-app.ts';

/** What a library passes to the function of the option `context`. */
export interface Source {
  readonly req?: object;
}
export type ContextOption = object | ((source: Source) => unknown);

/** Writes the request into the object of the application, as the driver of Nest 11 does. */
class WritingApolloDriver extends ApolloDriver {}
Object.assign(WritingApolloDriver.prototype, {
  wrapContextResolver(target: { context?: ContextOption }) {
    const { context = {} } = target;
    target.context = async (source) => {
      const result = (typeof context === 'function' ? await context(source) : context) as { req?: object };
      result.req ??= source.req ?? source;
      return result;
    };
  },
});

const apollo = { subscriptions: { 'graphql-ws': true }, playground: false, allowBatchedHttpRequests: true };
const mercurius = { driver: MercuriusDriver, allowBatchedQueries: true };
const servers: readonly [string, Adapter, object][] = [
  ['Apollo on Express', 'express', { driver: ApolloDriver, ...apollo }],
  ['Apollo on Fastify', 'fastify', { driver: ApolloDriver, ...apollo }],
  ['Apollo of Nest 11 on Express', 'express', { driver: WritingApolloDriver, ...apollo }],
  ['Apollo of Nest 11 on Fastify', 'fastify', { driver: WritingApolloDriver, ...apollo }],
  ['Mercurius', 'fastify', mercurius],
  ['Mercurius with compiled queries', 'fastify', { ...mercurius, jit: 1 }],
];

/** A context that is a class, as with data loaders. */
class TenantContext {
  readonly tenant = 'x';
}

const contexts: readonly [string, () => ContextOption][] = [
  ['an object', () => ({ tenant: 'x' })],
  ['an instance of a class', () => new TenantContext()],
  ['a frozen object', () => Object.freeze({ tenant: 'x' })],
  [
    'a function that returns one object',
    () => {
      const shared = { tenant: 'x' };
      return () => shared;
    },
  ],
  [
    'a function that returns one frozen object',
    () => {
      const shared = Object.freeze({ tenant: 'x' });
      return () => shared;
    },
  ],
  [
    'an asynchronous function that returns one instance of a class',
    () => {
      const shared = new TenantContext();
      return async () => Promise.resolve(shared);
    },
  ],
  [
    'a function that returns proxies, which reject other properties',
    () => () =>
      new Proxy(
        { tenant: 'x' },
        {
          set() {
            throw new Error('unknown property');
          },
        },
      ),
  ],
  [
    'a function that writes the request into one object',
    () => {
      const shared: { req?: object; tenant: string } = { tenant: 'x' };
      return (source) => Object.assign(shared, { req: source.req ?? source });
    },
  ],
];

/** A context that operations of one server share. */
interface SharedContext {
  readonly name: string;
  readonly adapter: Adapter;
  /** Options of the module of GraphQL. */
  readonly module: object;
  /** Creates the option `context`. */
  readonly create: () => ContextOption;
}

/** Drivers that write into the object of the application are tested with all contexts, the others with three of them. */
export const sharedContexts: readonly SharedContext[] = servers.flatMap(([server, adapter, module], index) =>
  [2, 4].includes(index)
    ? contexts.map(([context, create]) => ({ name: `${context}, with ${server}`, adapter, module, create }))
    : contexts.flatMap(([context, create], each) =>
        [0, 6, 7].includes(each) ? [{ name: `${context}, with ${server}`, adapter, module, create }] : [],
      ),
);
