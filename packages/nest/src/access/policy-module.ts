import { ConfigurationError } from '@countersign/core/resource-server';
import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { listModuleClasses, type Module } from '../handlers/module-classes.ts';
import { nestMetadata } from '../nest-metadata.ts';
import type { PolicyProvider } from './access-policy.ts';

/**
 * Finds the module whose provider of a policy class decides about the handlers of a class. Each module can have another
 * instance with other dependencies. As with guards of Nest, that of the module of the handlers is used, then one that this
 * module imports. Another module is used only if it is the only one.
 *
 * @returns `undefined` if no module provides the class
 * @throws ConfigurationError `invalid_option` if several modules provide it, and none of them is the nearest
 */
export function findPolicyModule(
  policy: Type<PolicyProvider>,
  owner: Type,
  modules: ModulesContainer,
): Module | undefined {
  const all = listPolicyModules(policy, modules);
  if (all.length <= 1) return all[0];
  const own = findModules(owner, modules);
  const nearest = new Set(own.map((module) => findVisible(policy, module)));
  const [module] = nearest;
  if (nearest.size === 1 && module) return module;
  if (isSameInstance(policy, all)) return all[0];
  throw new ConfigurationError(
    'invalid_option',
    `@Policy(${policy.name}) on ${owner.name} expects one provider of ${policy.name}, and found one in each of ` +
      `${formatModules(all)}. Add ${policy.name} to the providers of the module of ${owner.name}, or export it from one ` +
      'module that this module imports.',
  );
}

/** Lists the modules that provide a class. */
export const listPolicyModules = (policy: Type, modules: ModulesContainer): Module[] =>
  [...modules.values()].filter(({ providers }) => providers.has(policy));

export const formatModules = (modules: readonly Module[]): string =>
  modules.map(({ metatype }) => metatype.name).join(', ');

/** Finds the modules that contain a class with handlers. */
function findModules(owner: Type, modules: ModulesContainer): readonly Module[] {
  const found = [...modules.values()].filter(
    ({ controllers, providers }) => controllers.has(owner) || providers.has(owner),
  );
  if (found.length > 0) return found;
  // Another decorator has replaced the class, or a provider has another token.
  return listModuleClasses(modules)
    .filter(({ type }) => type === owner || (type.prototype as object).constructor === owner)
    .map(({ module }) => module);
}

/** Finds the nearest module that provides a class to a module, in Nest's order: itself, its imports, what these export. */
const findVisible = (policy: Type, module: Module): Module | undefined =>
  module.providers.has(policy) ? module : findImported(policy, module.imports, new Set());

function findImported(policy: Type, imports: ReadonlySet<Module>, visited: Set<Module>): Module | undefined {
  for (const each of imports) {
    if (visited.has(each)) continue;
    visited.add(each);
    if (each.exports.has(policy) && each.providers.has(policy)) return each;
    const exported = [...each.imports].filter(({ metatype }) => each.exports.has(metatype));
    const found = findImported(policy, new Set(exported), visited);
    if (found) return found;
  }
  return undefined;
}

/**
 * Whether all instances of a policy class decide alike, whichever module has them: Nest creates each from the class, without
 * dependencies, and they have no state, also no private fields.
 */
export function isStateless(policy: Type, modules: readonly Module[]): boolean {
  const isCreated = modules.every(({ providers }) => {
    const { metatype, inject, instance } = providers.get(policy) ?? {};
    return (
      metatype === policy &&
      !inject &&
      instance !== null &&
      typeof instance === 'object' &&
      Object.getPrototypeOf(instance) === policy.prototype &&
      Reflect.ownKeys(instance).length === 0
    );
  });
  return isCreated && listClasses(policy).every((each) => !hasDependencies(each) && !hasPrivateFields(each));
}

function listClasses(policy: Type): Type[] {
  const classes: Type[] = [];
  let each: unknown = policy;
  for (; typeof each === 'function' && each !== Function.prototype; each = Object.getPrototypeOf(each))
    classes.push(each as Type);
  return classes;
}

const hasDependencies = (type: Type): boolean =>
  type.length > 0 ||
  [nestMetadata.parameterTypes, nestMetadata.injectedParameters, nestMetadata.injectedProperties].some(
    (key) => ((Reflect.getOwnMetadata(key, type) ?? []) as unknown[]).length > 0,
  );

/** Private fields are visible in the source text only. Compilers for old targets replace them with calls of helpers. */
const hasPrivateFields = (type: Type): boolean =>
  /[.]\s*#|private_?(?:field|get|set)/i.test(Function.prototype.toString.call(type));

/** Whether the providers are the same object, for example a value. */
function isSameInstance(policy: Type, modules: readonly Module[]): boolean {
  const wrappers = modules.map(({ providers }) => providers.get(policy));
  const instances = new Set(wrappers.map((each) => each?.instance as unknown));
  return instances.size === 1 && wrappers.every((each) => each?.instance && each.isDependencyTreeStatic());
}
