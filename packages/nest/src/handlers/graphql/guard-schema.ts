import { ConfigurationError } from '@countersign/core/resource-server';
import { type CanActivate, type ExecutionContext, ForbiddenException } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { isObservable, lastValueFrom } from 'rxjs';
import { getAccessPolicy } from '../../access/resolve-access.ts';
import type { ExplicitGuardFinder } from '../explicit-guards.ts';
import { formatHandlerName, type GraphqlPosition, type Handler } from '../handler.ts';
import {
  federationFields,
  type GraphqlModule,
  listOutputTypes,
  listRootTypes,
  type Resolve,
  type Schema,
  type SchemaField,
  type SchemaType,
} from './graphql-modules.ts';

/** The class and method that a guard receives for a handler. */
type GuardedMethod = Pick<Handler, 'owner' | 'method'>;

/** Represents a resolver that is not a method of a resolver class. It requires a valid token. */
class SchemaResolver {
  resolve(): void {}
}

const schemaResolver: GuardedMethod = {
  owner: SchemaResolver,
  method: SchemaResolver.prototype.resolve,
};

export interface GuardSchemaOptions extends Pick<GraphqlModule, 'guardsFields' | 'isReplaced'> {
  readonly guard: CanActivate;
  readonly handlers: readonly Handler[];
  /** Finds the guards of `@UseGuards()` on a handler, which Nest does not run either. */
  readonly findExplicitGuards: ExplicitGuardFinder;
}

/**
 * Applies the guard to the resolvers of a schema that Nest does not guard: reference resolvers, resolvers of fields with
 * requirements, and root fields that are not methods of a resolver class. Changes the schema in place, before the
 * application listens. The guards of `@UseGuards()` on a handler run after the global guard, as in Nest.
 */
export function guardSchema(schema: Schema, options: GuardSchemaOptions): void {
  const roots = new Set(listRootTypes(schema));
  const guardedReferences = new Set<string>();
  for (const type of listOutputTypes(schema)) {
    if (guardReference(type, options)) guardedReferences.add(type.name);
    for (const [name, field] of Object.entries(type.getFields?.() ?? {})) {
      const isRoot = roots.has(type);
      if (isRoot && name === federationFields.entities) guardEntities(field, guardedReferences, options);
      else if (!(isRoot && name === federationFields.service)) {
        const methods = isRoot ? findRootMethods(type, name, options) : findFieldMethods(type, name, options);
        if (methods.length > 0) guardField(field, name, createChecks(methods, options));
      }
    }
  }
}

/**
 * Checks a module whose schema is not visible. A gateway has none, and the schemas of others must have the guard.
 *
 * @throws ConfigurationError `unguarded_handler`
 */
export function checkMissingSchema(
  { hasSchemaHost, isGateway }: Pick<GraphqlModule, 'hasSchemaHost' | 'isGateway'>,
  handlers: readonly Handler[],
): void {
  if (!hasSchemaHost) {
    throw new ConfigurationError(
      'unguarded_handler',
      'AuthModule found a GraphQLModule without its GraphQLSchemaHost, so it cannot guard the fields and references of its ' +
        'schema. Use the version of @nestjs/graphql for NestJS 11 or 12.',
    );
  }
  const unguarded = handlers.filter(({ graphql }) => graphql && graphql.kind !== 'root');
  if (isGateway || unguarded.length === 0) return;
  throw new ConfigurationError(
    'unguarded_handler',
    `AuthModule found a GraphQLModule without a schema, so it cannot guard ${unguarded.map(formatHandlerName).join(', ')}. ` +
      'Return the schema from generateSchema() of its driver, or set the option "gateway" if the driver is a gateway.',
  );
}

/** Finds the methods that resolve a field, including those of an interface, which a type may inherit. */
function findHandlers(
  type: SchemaType,
  field: string,
  {
    handlers,
    kinds,
  }: { readonly handlers: readonly Handler[]; readonly kinds: readonly GraphqlPosition['kind'][] },
): readonly Handler[] {
  const types = [type, ...(type.getInterfaces?.() ?? [])].map(({ name }) => name);
  return handlers.filter(
    ({ graphql }) =>
      graphql && kinds.includes(graphql.kind) && graphql.field === field && types.includes(graphql.type),
  );
}

/** Finds the methods of a root field that need the guard. Empty if Nest guards the field. */
function findRootMethods(
  type: SchemaType,
  field: string,
  options: GuardSchemaOptions,
): readonly GuardedMethod[] {
  const { handlers, guardsFields, isReplaced } = options;
  const guardedByNest = findHandlers(type, field, {
    handlers,
    kinds: guardsFields ? ['root', 'field'] : ['root'],
  });
  if (guardedByNest.length > 0 && !isReplaced(type.name, field)) return [];
  const all = findHandlers(type, field, { handlers, kinds: ['root', 'field'] });
  return all.length > 0 ? all : [schemaResolver];
}

/** Finds the methods of a field that need the guard. Without requirements, a field runs with its query. */
function findFieldMethods(
  type: SchemaType,
  field: string,
  options: GuardSchemaOptions,
): readonly GuardedMethod[] {
  const { handlers, guardsFields, isReplaced, findExplicitGuards } = options;
  if (guardsFields && !isReplaced(type.name, field)) return [];
  return findHandlers(type, field, { handlers, kinds: ['field'] }).filter(
    (handler) =>
      getAccessPolicy(handler.method, handler.owner).isExplicit || findExplicitGuards(handler).length > 0,
  );
}

/** A handler and the guards that decide about it. */
interface Check {
  readonly handler: GuardedMethod;
  readonly guards: readonly CanActivate[];
}

const createChecks = (
  methods: readonly GuardedMethod[],
  { guard, findExplicitGuards }: GuardSchemaOptions,
): readonly Check[] =>
  methods.map((handler) => ({ handler, guards: [guard, ...findExplicitGuards(handler)] }));

function guardField(field: SchemaField, name: string, checks: readonly Check[]): void {
  const { resolve = createPropertyResolver(name), subscribe } = field;
  // A subscription is checked when it starts, as in Nest.
  if (subscribe) field.subscribe = withChecks(subscribe, checks);
  else field.resolve = withChecks(resolve, checks);
}

/** Resolves a field as `graphql` does without a resolver. */
const createPropertyResolver =
  (name: string): Resolve =>
  (source, ...others) => {
    const value = (source as Record<string, unknown> | null | undefined)?.[name];
    return typeof value === 'function' ? value.call(source, ...others) : value;
  };

/** @returns whether references of this type are guarded by their resolver */
function guardReference(type: SchemaType, options: GuardSchemaOptions): boolean {
  const { handlers, guardsFields, isReplaced } = options;
  const subgraph = type.extensions?.apollo?.subgraph;
  const resolve = subgraph?.resolveReference ?? type.resolveReference;
  if (!resolve) return false;
  const methods = findReferenceHandlers(type.name, handlers);
  if (methods.length > 0 && guardsFields && !isReplaced(type.name, '__resolveReference')) return true;
  const guarded = withChecks(resolve, createChecks(methods.length > 0 ? methods : [schemaResolver], options));
  if (subgraph?.resolveReference) {
    const apollo = { ...type.extensions?.apollo, subgraph: { ...subgraph, resolveReference: guarded } };
    type.extensions = { ...type.extensions, apollo };
  }
  if (type.resolveReference) type.resolveReference = guarded;
  return true;
}

const findReferenceHandlers = (type: string, handlers: readonly Handler[]): readonly Handler[] =>
  handlers.filter(({ graphql }) => graphql?.kind === 'reference' && graphql.type === type);

/**
 * Guards references without a reference resolver. A subgraph uses such a reference as the entity and resolves its fields
 * without a query, so it requires a token.
 */
function guardEntities(
  field: SchemaField,
  guardedReferences: ReadonlySet<string>,
  options: GuardSchemaOptions,
): void {
  const { resolve } = field;
  if (!resolve) return;
  field.resolve = async (...all) => {
    const [, args, context, info] = all;
    const { representations } = args as { readonly representations: readonly unknown[] };
    for (const reference of representations) {
      const type = (reference as { readonly __typename?: unknown } | null)?.__typename;
      if (typeof type === 'string' && guardedReferences.has(type)) continue;
      const methods = findReferenceHandlers(String(type), options.handlers);
      const checks = createChecks(methods.length > 0 ? methods : [schemaResolver], options);
      await runChecks(checks, [reference, context, info]);
    }
    return resolve(...all);
  };
}

function withChecks(resolve: Resolve, checks: readonly Check[]): Resolve {
  return async (...args) => {
    await runChecks(checks, args);
    return resolve(...args);
  };
}

/** @throws the exception of a guard, or ForbiddenException */
async function runChecks(checks: readonly Check[], args: unknown[]): Promise<void> {
  for (const { handler, guards } of checks) {
    const context = new ExecutionContextHost(args, handler.owner, handler.method as () => void);
    context.setType('graphql');
    for (const guard of guards)
      if ((await canActivate(guard, context)) !== true) throw new ForbiddenException();
  }
}

/** A guard may return an Observable. */
async function canActivate(guard: CanActivate, context: ExecutionContext): Promise<boolean> {
  const result = await guard.canActivate(context);
  return isObservable(result) ? lastValueFrom(result) : result;
}
