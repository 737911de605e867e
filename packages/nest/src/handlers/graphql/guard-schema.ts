import { type CanActivate, type ExecutionContext, ForbiddenException } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { isObservable, lastValueFrom } from 'rxjs';
import { accessPolicyOf } from '../../access/access-policy.ts';
import type { HandGuardFinder } from '../explicit-guards.ts';
import type { GraphqlPosition, Handler } from '../handler.ts';
import {
  federationFields,
  type GraphqlModule,
  outputTypesOf,
  type Resolve,
  rootTypesOf,
  type Schema,
  type SchemaField,
  type SchemaType,
} from './graphql-modules.ts';

/** What a guard is shown for a handler. */
type GuardedMethod = Pick<Handler, 'owner' | 'method'>;

/** Stands for what the schema resolves without a method of a resolver class: a valid token is needed. */
class SchemaResolver {
  resolve(): void {}
}

export const schemaResolver: GuardedMethod = {
  owner: SchemaResolver,
  method: SchemaResolver.prototype.resolve,
};

export interface GuardSchemaOptions extends Omit<GraphqlModule, 'schema'> {
  readonly guard: CanActivate;
  readonly handlers: readonly Handler[];
  /** The guards of `@UseGuards()` on a handler, which Nest does not run either. */
  readonly findHandGuards: HandGuardFinder;
}

/**
 * Puts the guard before what Nest does not guard in a schema: reference resolvers, resolvers of fields that ask for
 * something, and root fields that are not methods of a resolver class. The schema is changed in place, before the
 * application listens. The guards of `@UseGuards()` on a handler decide after the global one, as Nest runs them.
 */
export function guardSchema(schema: Schema, options: GuardSchemaOptions): void {
  const roots = new Set(rootTypesOf(schema));
  const guardedReferences = new Set<string>();
  for (const type of outputTypesOf(schema)) {
    if (guardReference(type, options)) guardedReferences.add(type.name);
    for (const [name, field] of Object.entries(type.getFields?.() ?? {})) {
      const isRoot = roots.has(type);
      if (isRoot && name === federationFields.entities) guardEntities(field, guardedReferences, options);
      else if (!(isRoot && name === federationFields.service)) {
        const methods = isRoot ? rootMethods(type, name, options) : fieldMethods(type, name, options);
        if (methods.length > 0) guardField(field, name, checksOf(methods, options));
      }
    }
  }
}

/** The methods that resolve a field, also by way of an interface whose resolvers a type may inherit. */
function handlersOf(
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

/** What has to be asked for a root field that Nest does not guard; nothing for one that it does. */
function rootMethods(type: SchemaType, field: string, options: GuardSchemaOptions): readonly GuardedMethod[] {
  const { handlers, guardsFields, isReplaced } = options;
  const ofNest = handlersOf(type, field, { handlers, kinds: guardsFields ? ['root', 'field'] : ['root'] });
  if (ofNest.length > 0 && !isReplaced(type.name, field)) return [];
  const all = handlersOf(type, field, { handlers, kinds: ['root', 'field'] });
  return all.length > 0 ? all : [schemaResolver];
}

/** A field runs after its query was let in; it is guarded itself where its decorators say so. */
function fieldMethods(
  type: SchemaType,
  field: string,
  options: GuardSchemaOptions,
): readonly GuardedMethod[] {
  const { handlers, guardsFields, isReplaced } = options;
  if (guardsFields && !isReplaced(type.name, field)) return [];
  return handlersOf(type, field, { handlers, kinds: ['field'] }).filter(
    (handler) =>
      accessPolicyOf(handler.method, handler.owner).declared || options.findHandGuards(handler).length > 0,
  );
}

/** A handler and the guards that decide about it. */
interface Check {
  readonly handler: GuardedMethod;
  readonly guards: readonly CanActivate[];
}

const checksOf = (
  methods: readonly GuardedMethod[],
  { guard, findHandGuards }: GuardSchemaOptions,
): readonly Check[] => methods.map((handler) => ({ handler, guards: [guard, ...findHandGuards(handler)] }));

function guardField(field: SchemaField, name: string, checks: readonly Check[]): void {
  const { resolve = propertyResolver(name), subscribe } = field;
  // A subscription is decided about when it begins, as Nest does.
  if (subscribe) field.subscribe = withGuard(subscribe, checks);
  else field.resolve = withGuard(resolve, checks);
}

/** What `graphql` does for a field without a resolver. */
const propertyResolver =
  (name: string): Resolve =>
  (source, ...others) => {
    const value = (source as Record<string, unknown> | null | undefined)?.[name];
    return typeof value === 'function' ? value.call(source, ...others) : value;
  };

/** @returns whether references of this type are guarded where they are resolved */
function guardReference(type: SchemaType, options: GuardSchemaOptions): boolean {
  const { handlers, guardsFields, isReplaced } = options;
  const subgraph = type.extensions?.apollo?.subgraph;
  const resolve = subgraph?.resolveReference ?? type.resolveReference;
  if (!resolve) return false;
  const methods = referenceHandlersOf(type.name, handlers);
  if (methods.length > 0 && guardsFields && !isReplaced(type.name, '__resolveReference')) return true;
  const guarded = withGuard(resolve, checksOf(methods.length > 0 ? methods : [schemaResolver], options));
  if (subgraph?.resolveReference) {
    const apollo = { ...type.extensions?.apollo, subgraph: { ...subgraph, resolveReference: guarded } };
    type.extensions = { ...type.extensions, apollo };
  }
  if (type.resolveReference) type.resolveReference = guarded;
  return true;
}

const referenceHandlersOf = (type: string, handlers: readonly Handler[]): readonly Handler[] =>
  handlers.filter(({ graphql }) => graphql?.kind === 'reference' && graphql.type === type);

/**
 * Without a reference resolver a subgraph takes the reference itself for the entity, and resolves its fields without a
 * query. So such a reference needs a token.
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
      const methods = referenceHandlersOf(String(type), options.handlers);
      const checks = checksOf(methods.length > 0 ? methods : [schemaResolver], options);
      await admit(checks, [reference, context, info]);
    }
    return resolve(...all);
  };
}

function withGuard(resolve: Resolve, checks: readonly Check[]): Resolve {
  return async (...args) => {
    await admit(checks, args);
    return resolve(...args);
  };
}

/** @throws what a guard throws, or ForbiddenException */
async function admit(checks: readonly Check[], args: unknown[]): Promise<void> {
  for (const { handler, guards } of checks) {
    const context = new ExecutionContextHost(args, handler.owner, handler.method as () => void);
    context.setType('graphql');
    for (const guard of guards) if ((await allows(guard, context)) !== true) throw new ForbiddenException();
  }
}

/** A guard may answer with an Observable. */
async function allows(guard: CanActivate, context: ExecutionContext): Promise<boolean> {
  const answer = await guard.canActivate(context);
  return isObservable(answer) ? lastValueFrom(answer) : answer;
}
