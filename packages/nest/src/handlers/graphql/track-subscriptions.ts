import {
  ForbiddenException,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { endedSubscriptions, startedSubscriptions, subscriptionEvents } from '../../module-state.ts';
import { readFieldPath } from '../../transport/graphql/graphql-transport.ts';
import { listGraphqlModules, type Resolve, type Schema } from './graphql-modules.ts';
import { createPropertyResolver, ResolverSet, unwrapClosed } from './resolver-set.ts';
import { createSchemaWatcher, initializeFirst } from './watch-schema.ts';

/** Tracks the subscriptions of every schema, even without a global guard. */
@Injectable()
export class SubscriptionTracker implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  readonly #modules: ModulesContainer;
  readonly #trackedResolvers = new ResolverSet();
  readonly #watch = createSchemaWatcher<void>((schema) => trackSubscriptions(schema, this.#trackedResolvers));

  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    this.#modules = modules;
    initializeFirst(modules, SubscriptionTracker);
  }

  /** Drivers may copy the schema when they start, so it is changed before that. */
  onModuleInit(): void {
    for (const { schemaHolders } of listGraphqlModules(this.#modules)) this.#watch(schemaHolders);
  }

  onApplicationBootstrap(): void {
    for (const { schemaHolders, executedSchemas } of listGraphqlModules(this.#modules)) {
      for (const schema of executedSchemas) trackSubscriptions(schema, this.#trackedResolvers);
      this.#watch(schemaHolders);
    }
  }

  onApplicationShutdown(): void {
    this.#trackedResolvers.close();
  }
}

/**
 * Records when each subscription of a schema has ended, by its stream. The library of the connection removes a
 * subscription from its list when the client completes its identifier or uses it twice, but may still run it. Changes the
 * schema in place. Subscriptions in `trackedResolvers` are tracked already.
 *
 * Drivers execute a subscription that is sent by HTTP like a query: they call `resolve` without `subscribe`, which is the
 * only guarded one. Such a subscription is rejected.
 */
export function trackSubscriptions(schema: Schema, trackedResolvers = new ResolverSet()): void {
  for (const [name, field] of Object.entries(schema.getSubscriptionType()?.getFields?.() ?? {})) {
    const subscribe = unwrapClosed(field.subscribe);
    if (!subscribe) continue;
    const resolve = unwrapClosed(field.resolve);
    if (!resolve || !trackedResolvers.has(resolve)) {
      const event = resolve ?? createPropertyResolver(name);
      field.resolve = trackedResolvers.wrap(event, requireStart(event, name));
    }
    if (!trackedResolvers.has(subscribe))
      field.subscribe = trackedResolvers.wrap(subscribe, track(subscribe, name));
  }
}

/** An event has the context of its start, or a value of the stream that the start has returned. A client can provide neither. */
function requireStart(resolve: Resolve, name: string): Resolve {
  return (...args) => {
    const [source, , context] = args as readonly unknown[];
    const isEvent = isObject(source) && subscriptionEvents.has(source);
    if (!isEvent && !startedSubscriptions.get(context as object)?.has(name))
      throw new ForbiddenException(
        `The subscription "${name}" is available only to a client that subscribes to it, not as a query`,
      );
    return resolve(...args);
  };
}

function track(subscribe: Resolve, name: string): Resolve {
  return async (...args) => {
    const path = readFieldPath(args[3]);
    const end = () => {
      if (path) endedSubscriptions.add(path);
    };
    try {
      const stream = await subscribe(...args);
      recordStart(args[2], name);
      if (isAsyncIterable(stream)) return trackStream(stream, end);
      end();
      return stream;
    } catch (error) {
      end();
      throw error;
    }
  };
}

function recordStart(context: unknown, name: string): void {
  if (!isObject(context)) return;
  const names = startedSubscriptions.get(context) ?? new Set();
  startedSubscriptions.set(context, names.add(name));
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof (value as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] === 'function';

/** Calls `end` when a stream has ended, or when its consumer ends it. After that, it emits nothing. */
function trackStream(stream: AsyncIterable<unknown>, end: () => void): AsyncIterableIterator<unknown> {
  const source = stream[Symbol.asyncIterator]();
  const done: IteratorReturnResult<undefined> = { done: true, value: undefined };
  let hasEnded = false;
  const finish = () => {
    hasEnded = true;
    end();
  };
  return {
    async next() {
      if (hasEnded) return done;
      try {
        const result = await source.next();
        if (result.done) finish();
        else if (isObject(result.value)) subscriptionEvents.add(result.value);
        return hasEnded ? done : result;
      } catch (error) {
        finish();
        throw error;
      }
    },
    async return() {
      finish();
      await source.return?.();
      return done;
    },
    async throw(error) {
      finish();
      if (source.throw) await source.throw(error);
      else await source.return?.();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
