import { ConfigurationError } from '@countersign/core/resource-server';
import type { ModulesContainer } from '@nestjs/core';
import { accessPolicyOf, isDemanding } from '../access/access-policy.ts';
import {
  type Declaration,
  declarationsOn,
  declaredMethodsOf,
  prototypesOf,
  rememberMethodName,
} from '../access/declarations.ts';
import { type Coverage, guardingOf, isDeclared, isGuardedByHand } from './coverage.ts';
import { type Handler, handlerName } from './handler.ts';
import { isHandler } from './list-handlers.ts';
import { classesOf, type ModuleClass, methodsOf } from './module-classes.ts';

export interface CheckOptions {
  readonly handlers: readonly Handler[];
  readonly coverage: Coverage;
}

/**
 * Makes sure that what access decorators ask for is checked.
 *
 * @throws ConfigurationError `unguarded_handler` that names each handler whose decorators would do nothing
 */
export function checkHandlers(modules: ModulesContainer, { handlers, coverage }: CheckOptions): void {
  const classes = classesOf(modules);
  for (const each of classes) rememberInstanceMethods(each);
  const problems = new Set([
    ...handlers.flatMap((handler) => unguardedProblem(handler, coverage) ?? []),
    ...strayDeclarations(classes),
    ...classes.flatMap((each) => foreignConstructorProblem(each) ?? []),
  ]);
  if (problems.size > 0) throw new ConfigurationError('unguarded_handler', [...problems].join('\n'));
}

/** Nest calls the function on the instance, which a constructor may have bound, and shows that one to guards. */
function rememberInstanceMethods({ type, instance }: ModuleClass): void {
  if (!instance) return;
  for (const { name, method } of methodsOf(type)) {
    const own: unknown = Object.getOwnPropertyDescriptor(instance, name)?.value;
    if (typeof own === 'function' && own !== method) rememberMethodName(own, name);
  }
}

function unguardedProblem(handler: Handler, coverage: Coverage): string | undefined {
  if (guardingOf(handler, coverage) !== 'unguarded') return undefined;
  const isByHand = isGuardedByHand(handler);
  if (!isByHand && !isDeclared(accessPolicyOf(handler.method, handler.owner))) return undefined;
  const name = `${handlerName(handler)} (${handler.entries.join(', ')})`;
  if (handler.graphql && handler.graphql.kind !== 'root') {
    const what = handler.graphql.kind === 'field' ? 'field' : 'reference';
    return (
      `${name} requires an access token, but Nest does not run guards on ${what} resolvers. ` +
      'Set "fieldResolverEnhancers: [\'guards\']" in the options of GraphQLModule' +
      `${isByHand ? '' : ` and put @UseGuards(AccessTokenGuard) on ${handler.owner.name}`}.`
    );
  }
  return (
    `${name} requires an access token, but AccessTokenGuard is not applied to it. ` +
    `Put @UseGuards(AccessTokenGuard) on ${handler.owner.name}, or remove "globalGuard: false" from AuthModule.`
  );
}

const requiresToken = (declaration: Declaration): boolean =>
  declaration.mode === 'protected' || isDemanding(declaration);

/** Access decorators on methods that no request reaches by way of a guard, such as a method of a service. */
function strayDeclarations(classes: readonly ModuleClass[]): string[] {
  const handled = new Map<object, Set<PropertyKey>>();
  for (const { type } of classes) {
    for (const { name, method } of methodsOf(type)) {
      if (!isHandler(method, type)) continue;
      for (const prototype of prototypesOf(type))
        handled.set(prototype, (handled.get(prototype) ?? new Set()).add(name));
    }
  }
  return classes.flatMap(({ type }) =>
    [type, ...prototypesOf(type)].flatMap((target, index) => {
      // What a class with handlers inherits and does not serve cannot be reached.
      if (index > 1 && hasHandlers(type)) return [];
      return [...declaredMethodsOf(target)]
        .filter(([name, declarations]) => !handled.get(target)?.has(name) && declarations.some(requiresToken))
        .map(
          ([name]) =>
            `${type.name}.${String(name)} has a decorator that requires an access token, but it is not a handler: ` +
            'guards run on methods with a decorator of Nest such as @Get(), @Query(), @SubscribeMessage() or ' +
            '@MessagePattern(). Move the access decorator to the handler, and below no decorator that removes the ' +
            "handler's own metadata.",
        );
    }),
  );
}

/** Nest shows `constructor` to guards as the class of a handler. A helper for mixins may have copied that of another class. */
function foreignConstructorProblem({ type }: ModuleClass): string | undefined {
  const shown = (type.prototype as object).constructor;
  if (shown.prototype === type.prototype) return undefined;
  if (!hasHandlers(type) || ![type, shown].some(hasDeclarations)) return undefined;
  return (
    `${type.name}.prototype.constructor is another class (${shown.name}), so the access decorators of ` +
    `${type.name} cannot be found. Copy the methods of a mixin without "constructor".`
  );
}

const hasHandlers = (type: object): boolean => methodsOf(type).some(({ method }) => isHandler(method, type));

const hasDeclarations = (type: object): boolean =>
  [type, ...prototypesOf(type)].some(
    (target) => declarationsOn(target).length > 0 || declaredMethodsOf(target).size > 0,
  );
