import type { ModulesContainer } from '@nestjs/core';
import { graphqlProviders } from '../../nest-metadata.ts';

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
  /** Whether the module has the provider that contains the schema. */
  readonly hasSchemaHost: boolean;
  /** A gateway resolves no fields itself. */
  readonly isGateway: boolean;
  /** Nest runs guards on the resolvers of fields and references as well. */
  readonly guardsFields: boolean;
  /** Whether the options may replace the resolver of Nest for a field such as `Query.items`. */
  readonly isReplaced: (type: string, field: string) => boolean;
}

interface GraphqlOptions {
  readonly fieldResolverEnhancers?: readonly string[];
  readonly resolvers?: unknown;
  readonly schema?: unknown;
  readonly gateway?: unknown;
}

export function listGraphqlModules(modules: ModulesContainer): GraphqlModule[] {
  return [...modules.values()].flatMap(({ providers }) => {
    const wrapper = providers.get(graphqlProviders.options);
    if (!wrapper) return [];
    const options = (wrapper.instance ?? {}) as GraphqlOptions;
    const hosts = [...providers].filter(([token]) => isSchemaHost(token)).map(([, { instance }]) => instance);
    const replaced = new Set([options.resolvers ?? []].flat().flatMap(listFields));
    return [
      {
        schema: hosts.map(readSchema).find((schema) => schema !== undefined),
        hasSchemaHost: hosts.length > 0,
        isGateway: options.gateway !== undefined,
        guardsFields: options.fieldResolverEnhancers?.includes('guards') === true,
        // The option `schema` does not show which of its fields have resolvers.
        isReplaced: (type, field) => options.schema !== undefined || replaced.has(`${type}.${field}`),
      },
    ];
  });
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

/** Reads the schema. The accessor throws before the schema exists. */
function readSchema(host: unknown): Schema | undefined {
  try {
    const schema = (host as { readonly schema?: Partial<Schema> | null } | undefined)?.schema;
    return typeof schema?.getTypeMap === 'function' ? (schema as Schema) : undefined;
  } catch {
    return undefined;
  }
}

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
