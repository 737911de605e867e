import { type CanActivate, type ExecutionContext, ForbiddenException } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { isObservable, lastValueFrom } from 'rxjs';
import { getAccessPolicy } from '../../access/resolve-access.ts';
import { schemaGuards } from '../../module-state.ts';
import type { ExplicitGuardFinder } from '../explicit-guards.ts';
import type { GraphqlPosition, Handler } from '../handler.ts';
import { checkSharedSchema } from './check-schema.ts';
import {
  federationFields,
  type GraphqlModule,
  listOutputTypes,
  listRootTypes,
  type Resolve,
  readReferenceResolver,
  type Schema,
  type SchemaField,
  type SchemaType,
} from './graphql-modules.ts';
import { createPropertyResolver, ResolverSet, unwrapClosed } from './resolver-set.ts';

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

export interface GuardSchemaOptions extends Pick<GraphqlModule, 'guardsFields'> {
  /** Whether a resolver may not be that of Nest for a field such as `Query.items`. */
  readonly isReplaced: (type: string, field: string, resolver?: Resolve) => boolean;
  readonly guard: CanActivate;
  readonly handlers: readonly Handler[];
  /** Finds the guards of `@UseGuards()` on a handler, which Nest does not run either. */
  readonly findExplicitGuards: ExplicitGuardFinder;
  /**
   * The resolvers that are guarded already, by this function or by Nest. Copies of a schema share resolvers. Default: an
   * empty set.
   */
  readonly guardedResolvers?: ResolverSet;
}

interface Options extends GuardSchemaOptions {
  readonly guardedResolvers: ResolverSet;
  /** The resolvers that Nest guards are added to it. They are guarded only at the position of their handler. */
  readonly guardedByNest: Resolve[];
}

/**
 * Applies the guard to the resolvers of a schema that Nest does not guard: reference resolvers, resolvers of fields with
 * requirements, and root fields that are not methods of a resolver class. Changes the schema in place, and adds the
 * guarded resolvers to `guardedResolvers`. The guards of `@UseGuards()` on a handler run after the global guard, as in Nest.
 *
 * @throws ConfigurationError `invalid_option` if another running application uses the schema
 */
export function guardSchema(
  schema: Schema,
  { guardedResolvers = new ResolverSet(), ...others }: GuardSchemaOptions,
): void {
  const options: Options = { ...others, guardedResolvers, guardedByNest: [] };
  checkSharedSchema(schema, guardedResolvers);
  schemaGuards.set(schema, guardedResolvers);
  const roots = new Set(listRootTypes(schema));
  for (const type of listOutputTypes(schema)) {
    guardReference(type, options);
    for (const [name, field] of Object.entries(type.getFields?.() ?? {})) {
      const isRoot = roots.has(type);
      if (isRoot && name === federationFields.entities) guardEntities(field, schema, options);
      else if (!(isRoot && name === federationFields.service))
        guardField(field, { type, name, isRoot }, options);
    }
  }
  for (const resolver of options.guardedByNest) guardedResolvers.add(resolver);
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
function findRootMethods(type: SchemaType, field: string, options: Options): readonly GuardedMethod[] {
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
function findFieldMethods(type: SchemaType, field: string, options: Options): readonly GuardedMethod[] {
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
  { guard, findExplicitGuards }: Options,
): readonly Check[] =>
  methods.map((handler) => ({ handler, guards: [guard, ...findExplicitGuards(handler)] }));

interface FieldPosition {
  readonly type: SchemaType;
  readonly name: string;
  readonly isRoot: boolean;
}

/** Lets `isReplaced()` compare the resolver of a field. */
const withResolver = (options: Options, resolver: Resolve | undefined): Options => ({
  ...options,
  isReplaced: (type, field) => options.isReplaced(type, field, resolver),
});

function guardField(field: SchemaField, { type, name, isRoot }: FieldPosition, all: Options): void {
  // A subscription is checked when it starts, as in Nest.
  const key = field.subscribe ? 'subscribe' : 'resolve';
  const current = unwrapClosed(field[key]);
  if (all.guardedResolvers.has(current)) return;
  const options = withResolver(all, current);
  if (current !== field[key]) field[key] = current;
  const methods = isRoot ? findRootMethods(type, name, options) : findFieldMethods(type, name, options);
  if (methods.length > 0)
    field[key] = withChecks(current ?? createPropertyResolver(name), createChecks(methods, options), options);
  else if (current && isGuardedByNest(type, { name, isRoot }, options)) options.guardedByNest.push(current);
}

/** Whether Nest guards a field that this package does not guard. */
function isGuardedByNest(
  type: SchemaType,
  { name, isRoot }: Omit<FieldPosition, 'type'>,
  { handlers, guardsFields, isReplaced }: Options,
): boolean {
  if (isRoot) return true;
  if (!guardsFields || isReplaced(type.name, name)) return false;
  return findHandlers(type, name, { handlers, kinds: ['field'] }).length > 0;
}

function guardReference(type: SchemaType, options: Options): void {
  const { handlers, guardsFields, isReplaced, guardedResolvers, guardedByNest } = options;
  const resolve = unwrapClosed(readReferenceResolver(type));
  if (!resolve || guardedResolvers.has(resolve)) return;
  const methods = findReferenceHandlers(type.name, handlers);
  if (methods.length > 0 && guardsFields && !isReplaced(type.name, '__resolveReference', resolve)) {
    guardedByNest.push(resolve);
    replaceReferenceResolver(type, resolve);
    return;
  }
  const checks = createChecks(methods.length > 0 ? methods : [schemaResolver], options);
  replaceReferenceResolver(type, withChecks(resolve, checks, options));
}

function replaceReferenceResolver(type: SchemaType, replacement: Resolve): void {
  const subgraph = type.extensions?.apollo?.subgraph;
  if (subgraph?.resolveReference) {
    const apollo = { ...type.extensions?.apollo, subgraph: { ...subgraph, resolveReference: replacement } };
    type.extensions = { ...type.extensions, apollo };
  }
  if (type.resolveReference) type.resolveReference = replacement;
}

const findReferenceHandlers = (type: string, handlers: readonly Handler[]): readonly Handler[] =>
  handlers.filter(({ graphql }) => graphql?.kind === 'reference' && graphql.type === type);

/**
 * Guards references without a reference resolver, in the schema that is executed. A subgraph uses such a reference as the
 * entity and resolves its fields without a query, so it requires a token.
 */
function guardEntities(field: SchemaField, schema: Schema, options: Options): void {
  const resolve = unwrapClosed(field.resolve);
  if (!resolve || options.guardedResolvers.has(resolve)) return;
  field.resolve = options.guardedResolvers.wrap(resolve, async (...all) => {
    const [, args, context, info] = all;
    if (options.guardedResolvers.isReplaced(info)) return resolve(...all);
    const { representations } = args as { readonly representations: readonly unknown[] };
    const types = ((info as { readonly schema?: Schema } | undefined)?.schema ?? schema).getTypeMap();
    for (const reference of representations) {
      const type = String((reference as { readonly __typename?: unknown } | null)?.__typename);
      if (options.guardedResolvers.has(readReferenceResolver(types[type]))) continue;
      const methods = findReferenceHandlers(type, options.handlers);
      const checks = createChecks(methods.length > 0 ? methods : [schemaResolver], options);
      await runChecks(checks, [reference, context, info]);
    }
    return resolve(...all);
  });
}

function withChecks(resolve: Resolve, checks: readonly Check[], { guardedResolvers }: Options): Resolve {
  return guardedResolvers.wrap(resolve, async (...args) => {
    // `info` is the last argument of each kind of resolver.
    if (!guardedResolvers.isReplaced(args.at(-1))) await runChecks(checks, args);
    return resolve(...args);
  });
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
