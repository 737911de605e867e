import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { bindToRequest, copyObject } from '../../transport/graphql/graphql-operation.ts';
import { createCopyExplainer } from './explain-copies.ts';
import { type Driver, listDrivers } from './graphql-modules.ts';
import { initializeFirst } from './watch-schema.ts';

/** Binds the contexts of every GraphQL operation to its request, even without a global guard. */
@Injectable()
export class ContextBinder implements OnModuleInit {
  readonly #modules: ModulesContainer;

  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    this.#modules = modules;
    initializeFirst(modules, ContextBinder);
  }

  /** `GraphQLModule` reads the options when it is initialized. */
  onModuleInit(): void {
    for (const driver of listDrivers(this.#modules)) bindContexts(driver);
  }
}

/**
 * Lets a driver bind each context to its request. Some drivers write the request into the object of the option `context`,
 * or into the one that its function returns, and all later operations find the first request there. Each operation gets its
 * own copy of a static object.
 */
export function bindContexts(driver: Driver): void {
  const merge = driver.mergeDefaultOptions;
  driver.mergeDefaultOptions = function (this: unknown, options, ...others) {
    return merge.call(this, isObject(options) ? withBoundContexts(options) : options, ...others);
  };
}

/** The options at which Apollo, `graphql-ws` and Mercurius read the context of operations. */
function withBoundContexts(options: object): object {
  const { server, subscription, subscriptions } = options as Readonly<Record<string, unknown>>;
  const boundOptions = replace(options, 'context', bind);
  // A gateway sends the credential of the context to its subgraphs.
  if (isObject(server)) set(boundOptions, 'server', replace(server, 'context', bind));
  if (isObject(subscription)) set(boundOptions, 'subscription', replace(subscription, 'context', bind));
  if (isObject(subscriptions))
    set(
      boundOptions,
      'subscriptions',
      replace(subscriptions, 'graphql-ws', (each) =>
        isObject(each) ? replace(each, 'context', bind) : each,
      ),
    );
  return boundOptions;
}

/** Copies an object with another value of one property. The options may be used by another application. */
function replace(object: object, name: string, change: (value: unknown) => unknown): object {
  const copy = copyObject(object);
  const value = (object as Record<string, unknown>)[name];
  if (value !== undefined) set(copy, name, change(value));
  return copy;
}

const set = (object: object, name: string, value: unknown): void =>
  void Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });

/** Replaces the option `context`, which is an object or a function. */
function bind(option: unknown): unknown {
  const explain = createCopyExplainer();
  if (typeof option === 'function')
    return async function (this: unknown, ...args: unknown[]) {
      const context: unknown = await option.apply(this, args);
      return explain(bindToRequest(context, args), context);
    };
  if (!isObject(option)) return option;
  return (...args: unknown[]) => explain(bindToRequest(copyObject(option), args), option);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
