import type { ModulesContainer } from '@nestjs/core';
import { graphqlProviders } from '../../nest-metadata.ts';

export type Resolve = (...args: unknown[]) => unknown;

export interface SchemaField {
  resolve?: Resolve | undefined;
  subscribe?: Resolve | undefined;
}

/** An object type or interface of `graphql`, as far as it is used. */
export interface SchemaType {
  readonly name: string;
  readonly getFields?: () => Readonly<Record<string, SchemaField>>;
  /** Of object types and interfaces; input types have none. */
  readonly getInterfaces?: () => readonly { readonly name: string }[];
  /** Of unions. */
  readonly getTypes?: () => readonly SchemaType[];
  /** `@apollo/subgraph` keeps the reference resolver here; earlier versions keep it on the type. */
  extensions?: { readonly apollo?: { readonly subgraph?: { readonly resolveReference?: Resolve } } };
  resolveReference?: Resolve | undefined;
}

/** A schema of `graphql`, as far as it is used. */
export interface Schema {
  getTypeMap(): Readonly<Record<string, SchemaType>>;
  getQueryType(): SchemaType | null | undefined;
  getMutationType(): SchemaType | null | undefined;
  getSubscriptionType(): SchemaType | null | undefined;
}

/** A `GraphQLModule` of the application. */
export interface GraphqlModule {
  /** `undefined` before the application is initialized, and for a gateway, which has no schema of its own. */
  readonly schema: Schema | undefined;
  /** Nest runs guards on the resolvers of fields and references too. */
  readonly guardsFields: boolean;
  /** Whether the options may have another resolver in the place of Nest's for `Query.items`. */
  readonly isReplaced: (type: string, field: string) => boolean;
}

interface GraphqlOptions {
  readonly fieldResolverEnhancers?: readonly string[];
  readonly resolvers?: unknown;
  readonly schema?: unknown;
}

export function graphqlModulesOf(modules: ModulesContainer): GraphqlModule[] {
  return [...modules.values()].flatMap(({ providers }) => {
    const wrapper = providers.get(graphqlProviders.options);
    if (!wrapper) return [];
    const options = (wrapper.instance ?? {}) as GraphqlOptions;
    const host = [...providers].find(
      ([token]) => (token as { name?: string }).name === graphqlProviders.schemaHost,
    );
    const ownResolvers = new Set([options.resolvers ?? []].flat().flatMap(fieldsOf));
    return [
      {
        schema: schemaOf(host?.[1].instance),
        guardsFields: options.fieldResolverEnhancers?.includes('guards') === true,
        // It is not visible which fields of a schema of the options have resolvers.
        isReplaced: (type, field) => options.schema !== undefined || ownResolvers.has(`${type}.${field}`),
      },
    ];
  });
}

function schemaOf(host: unknown): Schema | undefined {
  try {
    return (host as { readonly schema?: Schema } | undefined)?.schema;
  } catch {
    return undefined;
  }
}

const fieldsOf = (resolvers: object): string[] =>
  Object.entries(resolvers).flatMap(([type, fields]: [string, unknown]) =>
    typeof fields === 'object' && fields !== null
      ? Object.keys(fields).map((field) => `${type}.${field}`)
      : [],
  );

/** Object types and interfaces with fields that resolvers belong to. */
export function outputTypesOf(schema: Schema): SchemaType[] {
  return Object.values(schema.getTypeMap()).filter(
    ({ name, getFields, getInterfaces }) => getFields && getInterfaces && !name.startsWith('__'),
  );
}

/** Query, mutation and subscription, under whichever names. */
export function rootTypesOf(schema: Schema): SchemaType[] {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(
    (type) => !!type,
  );
}

/** The entities of a federated schema, whose references `_entities` resolves. */
export function entityTypesOf(schema: Schema): readonly SchemaType[] {
  return schema.getTypeMap()._Entity?.getTypes?.() ?? [];
}

/** Root fields that federation adds. @see https://www.apollographql.com/docs/federation/subgraph-spec */
export const federationFields = { entities: '_entities', service: '_service' } as const;
