import type { InjectionToken } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { listResolvers, type Schema, type SchemaFactory, toSchema } from './graphql-modules.ts';
import type { ResolverSet } from './resolver-set.ts';

/**
 * Creates a function that watches the property `schema` of objects, each of them once. `onSchema` is called within the
 * assignment of a schema, so that it can change the schema before a driver copies or executes it, and when Mercurius has
 * replaced resolvers of the schema.
 */
export function createSchemaWatcher<Context>(
  onSchema: (schema: Schema, context: Context) => void,
): (holders: readonly object[], context: Context) => void {
  const watchedObjects = new WeakSet<object>();
  return (holders, context) => {
    for (const holder of holders) {
      if (watchedObjects.has(holder)) continue;
      watchedObjects.add(holder);
      watchSchema(holder, (schema) => onSchema(schema, context));
      watchResolvers(holder, (schema) => onSchema(schema, context));
    }
  };
}

/** Adds the resolvers of the schemas that a factory of Nest creates to a set, before a driver can replace some of them. */
export function watchFactory(factory: SchemaFactory, resolvers: ResolverSet): void {
  const generate = factory.generateSchema;
  factory.generateSchema = async function (this: unknown, ...args) {
    const generatedSchema = await generate.apply(this, args);
    const schema = toSchema(generatedSchema);
    if (schema) for (const resolver of listResolvers(schema)) resolvers.add(resolver);
    return generatedSchema;
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
    set(assignedValue: unknown) {
      const schema = toSchema(assignedValue);
      // If it throws, the schema has no guard and must not be executed.
      if (schema) onSchema(schema);
      if (previous?.set) previous.set.call(holder, assignedValue);
      else value = assignedValue;
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
