import { ConfigurationError } from '@countersign/core/resource-server';
import { type SchemaGuard, schemaGuards, wrappedResolvers } from '../../module-state.ts';
import { formatHandlerName, type Handler } from '../handler.ts';
import {
  type GraphqlModule,
  listOutputTypes,
  type Resolve,
  readReferenceResolver,
  type Schema,
} from './graphql-modules.ts';

type MissingSchema = Pick<GraphqlModule, 'hasSchemaHost' | 'isGateway'> &
  Partial<Pick<GraphqlModule, 'schema' | 'hasHiddenSchema'>>;

/**
 * Checks whether the schemas of a module are visible. A gateway has none, and the schemas of others must have the guard.
 *
 * @throws ConfigurationError `unguarded_handler`
 */
export function checkMissingSchema(
  { schema, hasSchemaHost, hasHiddenSchema, isGateway }: MissingSchema,
  handlers: readonly Handler[],
): void {
  if (!hasSchemaHost) {
    throw new ConfigurationError(
      'unguarded_handler',
      'AuthModule found a GraphQLModule without its GraphQLSchemaHost, so it cannot guard the fields and references of its ' +
        'schema. Use the version of @nestjs/graphql for NestJS 11 or 12.',
    );
  }
  const unguardedHandlers = handlers.filter(({ graphql }) => graphql && graphql.kind !== 'root');
  if (isGateway || unguardedHandlers.length === 0 || (schema && !hasHiddenSchema)) return;
  if (hasHiddenSchema) {
    throw new ConfigurationError(
      'unguarded_handler',
      'AuthModule cannot find the schema that Mercurius creates for the option "schemaTransforms" of GraphQLModule, so it ' +
        `cannot guard ${unguardedHandlers.map(formatHandlerName).join(', ')}. ` +
        'Use MercuriusDriver of @nestjs/mercurius, or change the schema with the option "transformSchema".',
    );
  }
  throw new ConfigurationError(
    'unguarded_handler',
    `AuthModule found a GraphQLModule without a schema, so it cannot guard ${unguardedHandlers.map(formatHandlerName).join(', ')}. ` +
      'Return the schema from generateSchema() of its driver, or set the option "gateway" if the driver is a gateway.',
  );
}

/**
 * Checks that no other running application guards the schema or a copy of it. Its resolvers do not show for which
 * application they run, so the guards of both would decide about each request.
 *
 * @throws ConfigurationError `invalid_option`
 */
export function checkSharedSchema(schema: Schema, { application }: SchemaGuard): void {
  const isOther = (guard: SchemaGuard | undefined) =>
    guard?.application !== undefined && !guard.isClosing && guard.application !== application;
  const resolvers = listOutputTypes(schema).flatMap((type) => [
    readReferenceResolver(type),
    ...Object.values(type.getFields?.() ?? {}).flatMap(({ resolve, subscribe }) => [resolve, subscribe]),
  ]);
  const guards = [schemaGuards.get(schema), ...resolvers.flatMap(listGuards)];
  if (!guards.some(isOther)) return;
  throw new ConfigurationError(
    'invalid_option',
    'AuthModule found a schema of GraphQLModule that another application of this process uses, which has not closed. Each ' +
      'of the two would reject the access tokens of the other. Create a schema for each application, for example in a ' +
      'function that returns the options of GraphQLModule, or close the other application before with app.close().',
  );
}

/** Lists the guards that a resolver runs. */
function listGuards(resolver: Resolve | undefined): SchemaGuard[] {
  const guards: SchemaGuard[] = [];
  let wrappedResolver = resolver && wrappedResolvers.get(resolver);
  for (; wrappedResolver; wrappedResolver = wrappedResolvers.get(wrappedResolver.resolver))
    guards.push(wrappedResolver.guard);
  return guards;
}
