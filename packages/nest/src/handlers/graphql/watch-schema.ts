import type { InjectionToken } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { type Schema, toSchema } from './graphql-modules.ts';

/**
 * Creates a function that watches the property `schema` of objects, each of them once. `onSchema` is called within the
 * assignment of a schema, so that it can change the schema before a driver copies or executes it, and when Mercurius has
 * replaced resolvers of the schema.
 */
export function createSchemaWatcher<Context>(
  onSchema: (schema: Schema, context: Context) => void,
): (holders: readonly object[], context: Context) => void {
  const watched = new WeakSet<object>();
  return (holders, context) => {
    for (const holder of holders) {
      if (watched.has(holder)) continue;
      watched.add(holder);
      watchSchema(holder, (schema) => onSchema(schema, context));
      watchResolvers(holder, (schema) => onSchema(schema, context));
    }
  };
}

function watchSchema(holder: object, onSchema: (schema: Schema) => void): void {
  const previous = findProperty(holder);
  let value: unknown = previous?.value;
  // A schema that cannot be assigned cannot change.
  if (previous && !previous.set && !previous.writable) return;
  Object.defineProperty(holder, 'schema', {
    configurable: true,
    enumerable: Object.hasOwn(holder, 'schema') && previous?.enumerable === true,
    get: () => (previous?.get ? previous.get.call(holder) : value),
    set(assigned: unknown) {
      if (previous?.set) previous.set.call(holder, assigned);
      else value = assigned;
      const schema = toSchema(assigned);
      if (schema) onSchema(schema);
    },
  });
}

/** Watches `defineResolvers()` of Mercurius, which changes the schema in place. */
function watchResolvers(holder: object, onSchema: (schema: Schema) => void): void {
  const mercurius = holder as { defineResolvers?: (...args: unknown[]) => unknown; schema?: unknown };
  const define = mercurius.defineResolvers;
  if (typeof define !== 'function') return;
  mercurius.defineResolvers = (...args) => {
    try {
      return define.apply(holder, args);
    } finally {
      // It may have replaced some resolvers before it throws.
      const schema = toSchema(mercurius.schema);
      if (schema) onSchema(schema);
    }
  };
}

function findProperty(holder: object): PropertyDescriptor | undefined {
  for (
    let current: object | null = holder;
    current;
    current = Object.getPrototypeOf(current) as object | null
  ) {
    const descriptor = Object.getOwnPropertyDescriptor(current, 'schema');
    if (descriptor) return descriptor;
  }
  return undefined;
}

/**
 * Makes Nest initialize the module of a provider before all others, so that it watches a host before a `GraphQLModule`
 * assigns its schema. Nest sorts modules by their distance, and global modules have `Number.MAX_VALUE`.
 */
export function initializeFirst(modules: ModulesContainer, provider: InjectionToken): void {
  for (const module of modules.values())
    if (module.providers.has(provider)) module.distance = Number.POSITIVE_INFINITY;
}
