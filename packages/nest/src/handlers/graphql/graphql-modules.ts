import type { ModulesContainer } from '@nestjs/core';
import { graphqlProviders } from '../../nest-metadata.ts';
import { listModuleClasses, type Module } from '../module-classes.ts';

export type Resolve = (...args: unknown[]) => unknown;

export interface SchemaField {
  resolve?: Resolve | undefined;
  subscribe?: Resolve | undefined;
}

/** The part of an object type or interface of `graphql` that this package uses. */
export interface SchemaType {
  readonly name: string;
  readonly getFields?: () => Readonly<Record<string, SchemaField>>;
  /** On object types and interfaces. Input types do not have it. */
  readonly getInterfaces?: () => readonly { readonly name: string }[];
  /** On unions. */
  readonly getTypes?: () => readonly SchemaType[];
  /** `@apollo/subgraph` stores the reference resolver here; earlier versions store it on the type. */
  extensions?: { readonly apollo?: { readonly subgraph?: { readonly resolveReference?: Resolve } } };
  resolveReference?: Resolve | undefined;
}

/** The part of a schema of `graphql` that this package uses. */
export interface Schema {
  getTypeMap(): Readonly<Record<string, SchemaType>>;
  getQueryType(): SchemaType | null | undefined;
  getMutationType(): SchemaType | null | undefined;
  getSubscriptionType(): SchemaType | null | undefined;
}

/** A `GraphQLModule` of the application. */
export interface GraphqlModule {
  /** `undefined` before the application is initialized, and for a gateway, which has no schema. */
  readonly schema: Schema | undefined;
  /** The objects whose property `schema` is executed: the host of Nest, and Mercurius, which may copy the schema. */
  readonly schemaHolders: readonly object[];
  /** The schemas that may be executed. The first one is `schema`. */
  readonly executedSchemas: readonly Schema[];
  /** Whether the options tell Mercurius to copy the schema, and the copy is not visible. */
  readonly hasHiddenSchema: boolean;
  /** Whether the module has the provider that contains the schema. */
  readonly hasSchemaHost: boolean;
  /** A gateway resolves no fields itself. */
  readonly isGateway: boolean;
  /** Nest runs guards on the resolvers of fields and references as well. */
  readonly guardsFields: boolean;
  /** The objects that create the schema with the resolvers of Nest. A driver may replace resolvers of their schema. */
  readonly schemaFactories: readonly SchemaFactory[];
  /** Whether the options may replace the resolver of Nest for a field such as `Query.items`. */
  readonly isReplaced: (type: string, field: string) => boolean;
  /** Whether Nest uses the methods of a class as resolvers of the schema. */
  readonly includes: (owner: object) => boolean;
}

interface GraphqlOptions {
  readonly fieldResolverEnhancers?: readonly string[];
  readonly resolvers?: unknown;
  readonly schema?: unknown;
  readonly gateway?: unknown;
  /** The modules whose resolvers are used. Default: all. */
  readonly include?: readonly unknown[];
  readonly transformResolvers?: unknown;
  readonly transformSchema?: unknown;
  /** An option of Mercurius. */
  readonly schemaTransforms?: unknown;
}

export function listGraphqlModules(modules: ModulesContainer): GraphqlModule[] {
  return [...modules.values()].flatMap(({ providers }) => {
    const wrapper = providers.get(graphqlProviders.options);
    if (!wrapper) return [];
    const options = (wrapper.instance ?? {}) as GraphqlOptions;
    const hosts = [...providers].filter(([token]) => isSchemaHost(token)).map(([, { instance }]) => instance);
    const schema = hosts.map(readSchema).find((each) => each !== undefined);
    const drivers = findDrivers(providers);
    const executors = drivers.flatMap(findExecutor);
    const executorSchemas = schema ? executors.flatMap((executor) => readSchema(executor) ?? []) : [];
    const isCopied = [options.schemaTransforms ?? []].flat().length > 0 && drivers.some(findAdapter);
    const replacesAny = [options.schema, options.transformResolvers, options.transformSchema].some(
      (option) => option !== undefined,
    );
    const replacedFields = new Set([options.resolvers ?? []].flat().flatMap(listFields));
    return [
      {
        schema,
        schemaHolders: [...hosts, ...(schema ? executors : [])].filter(isObject),
        executedSchemas: [...new Set([...(schema ? [schema] : []), ...executorSchemas])],
        hasHiddenSchema: schema !== undefined && isCopied && executorSchemas.length === 0,
        hasSchemaHost: hosts.length > 0,
        isGateway: options.gateway !== undefined,
        guardsFields: options.fieldResolverEnhancers?.includes('guards') === true,
        schemaFactories: [...providers.values()]
          .map(({ instance }) => instance as unknown)
          .filter(isSchemaFactory),
        // These options do not show which fields they provide or replace.
        isReplaced: (type, field) => replacesAny || replacedFields.has(`${type}.${field}`),
        includes: createInclusionCheck(modules, options.include ?? []),
      },
    ];
  });
}

/** Lists the drivers of the `GraphQLModule`s. */
export const listDrivers = (modules: ModulesContainer): Driver[] =>
  [...modules.values()].flatMap(({ providers }) =>
    providers.has(graphqlProviders.options) ? findDrivers(providers) : [],
  );

const findDrivers = (providers: Module['providers']): Driver[] =>
  [...providers.values()].map(({ instance }) => instance as unknown).filter(isDriver);

/** Follows the imports of the modules, as `ResolversExplorerService` of Nest does. */
function createInclusionCheck(
  modules: ModulesContainer,
  include: readonly unknown[],
): GraphqlModule['includes'] {
  if (include.length === 0) return () => true;
  const includedModules = new Set<Module>();
  const add = (module: Module) => {
    if (includedModules.has(module)) return;
    includedModules.add(module);
    for (const importedModule of module.imports) add(importedModule);
  };
  for (const module of modules.values()) if (include.includes(module.metatype)) add(module);
  const owners = new Set<object>(
    listModuleClasses(modules).flatMap(({ module, type }) => (includedModules.has(module) ? [type] : [])),
  );
  return (owner) => owners.has(owner);
}

/**
 * Matches `GraphQLSchemaHost` by its accessor. Bundlers and minifiers rename classes, and the package is optional, so that
 * neither the name nor the class itself is available.
 */
function isSchemaHost(token: unknown): boolean {
  if (typeof token !== 'function') return false;
  const prototype: unknown = token.prototype;
  const accessor = prototype ? Object.getOwnPropertyDescriptor(prototype, 'schema') : undefined;
  return accessor?.get !== undefined && accessor.set !== undefined;
}

/** Returns the value if it is a schema. */
export const toSchema = (value: unknown): Schema | undefined =>
  typeof (value as Partial<Schema> | null | undefined)?.getTypeMap === 'function'
    ? (value as Schema)
    : undefined;

/** Reads the schema. The accessor of the host throws before the schema exists. */
function readSchema(holder: unknown): Schema | undefined {
  try {
    return toSchema((holder as { readonly schema?: unknown } | undefined)?.schema);
  } catch {
    return undefined;
  }
}

/** The part of a driver of `@nestjs/graphql` that this package uses. */
export interface Driver {
  readonly generateSchema: unknown;
  /** Returns the options of the module with those that the driver adds. */
  mergeDefaultOptions: (options: unknown, ...others: unknown[]) => unknown;
  /** The instance of Fastify in the drivers of Mercurius, and Apollo's server in those of Apollo. */
  readonly instance?: Server | null;
  readonly httpAdapterHost?: { readonly httpAdapter?: { getInstance?: () => Server | null } | null };
}

/** `GraphQLFactory` or `GraphQLFederationFactory` of `@nestjs/graphql`. */
export interface SchemaFactory {
  generateSchema: (...args: unknown[]) => unknown;
}

const isSchemaFactory = (instance: unknown): instance is SchemaFactory =>
  typeof (instance as Partial<SchemaFactory> | null | undefined)?.generateSchema === 'function' &&
  !isDriver(instance);

interface Server {
  /** The object of Mercurius, whose property `schema` it executes. */
  readonly graphql?: unknown;
}

const isDriver = (instance: unknown): instance is Driver => {
  const { generateSchema, mergeDefaultOptions } = (instance ?? {}) as Partial<Driver>;
  return typeof generateSchema === 'function' && typeof mergeDefaultOptions === 'function';
};

/** Finds the object of Mercurius of a driver. */
function findExecutor(driver: Driver): object[] {
  const server = 'instance' in driver ? driver.instance : findAdapter(driver)?.getInstance?.();
  return isObject(server?.graphql) ? [server.graphql] : [];
}

/** `undefined` in an application without a server, which executes no schema. */
const findAdapter = ({ httpAdapterHost }: Driver) => httpAdapterHost?.httpAdapter ?? undefined;

/** The object of Mercurius is a function. */
const isObject = (value: unknown): value is object =>
  typeof value === 'function' || (typeof value === 'object' && value !== null);

const listFields = (resolvers: object): string[] =>
  Object.entries(resolvers).flatMap(([type, fields]: [string, unknown]) =>
    typeof fields === 'object' && fields !== null
      ? Object.keys(fields).map((field) => `${type}.${field}`)
      : [],
  );

/** Lists the object types and interfaces, whose fields can have resolvers. */
export function listOutputTypes(schema: Schema): SchemaType[] {
  return Object.values(schema.getTypeMap()).filter(
    ({ name, getFields, getInterfaces }) => getFields && getInterfaces && !name.startsWith('__'),
  );
}

export const readReferenceResolver = (type: SchemaType | undefined): Resolve | undefined =>
  type?.extensions?.apollo?.subgraph?.resolveReference ?? type?.resolveReference;

/** Lists the types of queries, mutations and subscriptions, which may have any name. */
export function listRootTypes(schema: Schema): SchemaType[] {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(
    (type) => !!type,
  );
}

/** Lists the entities of a federated schema, whose references `_entities` resolves. */
export function listEntityTypes(schema: Schema): readonly SchemaType[] {
  return schema.getTypeMap()._Entity?.getTypes?.() ?? [];
}

/** The root fields that federation adds. @see https://www.apollographql.com/docs/federation/subgraph-spec */
export const federationFields = { entities: '_entities', service: '_service' } as const;

/** Lists the resolvers of fields and references. */
export const listResolvers = (schema: Schema): Resolve[] =>
  listOutputTypes(schema)
    .flatMap((type) => [
      readReferenceResolver(type),
      ...Object.values(type.getFields?.() ?? {}).flatMap(({ resolve, subscribe }) => [resolve, subscribe]),
    ])
    .filter((each) => each !== undefined);
