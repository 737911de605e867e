import { ConfigurationError } from '@countersign/core/resource-server';
import type { ModulesContainer } from '@nestjs/core';
import {
  type Declaration,
  listPrototypes,
  readDeclaredMethods,
  readOwnDeclarations,
  saveMethodName,
} from '../../access/decorator-metadata.ts';
import { getAccessPolicy, hasRequirements } from '../../access/resolve-access.ts';
import { type Coverage, findGuarding, isGuardedExplicitly, requiresTokenExplicitly } from '../coverage.ts';
import { listGraphqlModules } from '../graphql/graphql-modules.ts';
import { formatHandlerName, type Handler } from '../handler.ts';
import { hasHandlers, isHandler } from '../list-handlers.ts';
import { listMethods, listModuleClasses, type ModuleClass } from '../module-classes.ts';
import { findStrayGuards } from './find-stray-guards.ts';
import { findStrayParameters } from './find-stray-parameters.ts';
import { findStrayTypes } from './find-stray-types.ts';

export interface CheckOptions {
  readonly handlers: readonly Handler[];
  readonly coverage: Coverage;
}

/**
 * Checks that a guard enforces every access decorator.
 *
 * @throws ConfigurationError `unguarded_handler` that names each handler whose decorators would have no effect
 */
export function checkHandlers(modules: ModulesContainer, { handlers, coverage }: CheckOptions): void {
  const classes = listModuleClasses(modules);
  const schemas = listGraphqlModules(modules).flatMap(({ executedSchemas }) => executedSchemas);
  for (const each of classes) saveInstanceMethods(each);
  const problems = new Set([
    ...handlers.flatMap((handler) => findUnguardedHandler(handler, coverage) ?? []),
    ...findStrayDeclarations(classes),
    ...findStrayClasses(classes),
    ...findStrayGuards(classes),
    ...findStrayParameters(classes),
    ...findStrayTypes({ classes, handlers, schemas, requiresToken }),
    ...classes.flatMap((each) => findForeignConstructor(each) ?? []),
  ]);
  if (problems.size > 0) throw new ConfigurationError('unguarded_handler', [...problems].join('\n'));
}

/** A constructor may bind a method. Nest then calls the function on the instance, and passes that one to guards. */
function saveInstanceMethods({ type, instance }: ModuleClass): void {
  if (!instance) return;
  for (const { name, method } of listMethods(type)) {
    const boundMethod: unknown = Object.getOwnPropertyDescriptor(instance, name)?.value;
    if (typeof boundMethod === 'function' && boundMethod !== method) saveMethodName(boundMethod, name);
  }
}

function findUnguardedHandler(handler: Handler, coverage: Coverage): string | undefined {
  if (findGuarding(handler, coverage) !== 'unguarded') return undefined;
  const isExplicit = isGuardedExplicitly(handler);
  if (!isExplicit && !requiresTokenExplicitly(getAccessPolicy(handler.method, handler.owner)))
    return undefined;
  const name = `${formatHandlerName(handler)} (${handler.entries.join(', ')})`;
  if (handler.graphql && handler.graphql.kind !== 'root') {
    return (
      `${name} requires an access token, but Nest does not run guards on ${handler.graphql.kind} resolvers. ` +
      'Set "fieldResolverEnhancers: [\'guards\']" in the options of GraphQLModule' +
      `${isExplicit ? '' : ` and put @UseGuards(AccessTokenGuard) on ${handler.owner.name}`}.`
    );
  }
  return (
    `${name} requires an access token, but AccessTokenGuard is not applied to it. ` +
    `Put @UseGuards(AccessTokenGuard) on ${handler.owner.name}, or remove "globalGuard: false" from AuthModule.`
  );
}

const requiresToken = (declaration: Declaration): boolean =>
  declaration.mode === 'protected' || hasRequirements(declaration);

/** Finds access decorators on methods that no guard runs for, such as a method of a service. */
function findStrayDeclarations(classes: readonly ModuleClass[]): string[] {
  const handlerNames = new Map<object, Set<PropertyKey>>();
  for (const { type } of classes) {
    for (const { name, method } of listMethods(type)) {
      if (!isHandler(method, type)) continue;
      for (const prototype of listPrototypes(type))
        handlerNames.set(prototype, (handlerNames.get(prototype) ?? new Set()).add(name));
    }
  }
  return classes.flatMap(({ type }) =>
    [type, ...listPrototypes(type)].flatMap((target, index) => {
      // A method that a class with handlers inherits, and does not use as a handler, is not reachable.
      if (index > 1 && hasHandlers(type)) return [];
      return [...readDeclaredMethods(target)]
        .filter(
          ([name, declarations]) => !handlerNames.get(target)?.has(name) && declarations.some(requiresToken),
        )
        .map(
          ([name]) =>
            `${type.name}.${String(name)} has a decorator that requires an access token, but it is not a handler: ` +
            'guards run on methods with a decorator of Nest such as @Get(), @Query(), @SubscribeMessage() or ' +
            '@MessagePattern(). Move the access decorator to the handler. If another decorator of the method replaces ' +
            'the function, put the decorator of Nest above it.',
        );
    }),
  );
}

/** Finds access decorators on providers without a handler, such as a handler of commands or events. */
function findStrayClasses(classes: readonly ModuleClass[]): string[] {
  const usedGuards = new Set(
    classes.filter(({ type }) => hasHandlers(type)).flatMap(({ type }) => listPrototypes(type)),
  );
  return classes
    .filter(({ type, isController }) => !isController && !usedGuards.has(type.prototype))
    .filter(({ type }) => readOwnDeclarations(type).some(requiresToken))
    .map(
      ({ type }) =>
        `${type.name} has a decorator that requires an access token, but no method of it is a handler, so no guard runs. ` +
        'Move the access decorator to the controller, resolver or gateway that uses the class.',
    );
}

/**
 * Finds a class whose `prototype.constructor` is another class. Nest passes `constructor` to guards as the class of a
 * handler, and a mixin may have copied that of another class.
 */
function findForeignConstructor({ type }: ModuleClass): string | undefined {
  const shownClass = (type.prototype as object).constructor;
  if (shownClass.prototype === type.prototype) return undefined;
  if (!hasHandlers(type) || ![type, shownClass].some(hasDeclarations)) return undefined;
  return (
    `${type.name}.prototype.constructor is another class (${shownClass.name}), so the access decorators of ` +
    `${type.name} cannot be found. Copy the methods of a mixin without "constructor".`
  );
}

const hasDeclarations = (type: object): boolean =>
  [type, ...listPrototypes(type)].some(
    (target) => readOwnDeclarations(target).length > 0 || readDeclaredMethods(target).size > 0,
  );
