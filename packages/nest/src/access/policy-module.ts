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
  if (areProvidersEqual(policy, all)) return all[0];
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
 * Whether it does not matter which of the providers decides: they are the same object, for example a value, or instances
 * of a class without dependencies and state.
 */
export function areProvidersEqual(policy: Type, modules: readonly Module[]): boolean {
  const wrappers = modules.map(({ providers }) => providers.get(policy));
  const instances = new Set(wrappers.map((each) => each?.instance as unknown));
  if (!wrappers.every((each) => each?.instance && each.isDependencyTreeStatic())) return false;
  return (
    instances.size === 1 ||
    (hasNoDependencies(policy) &&
      wrappers.every(
        (each) =>
          each?.metatype === policy && !each.isNotMetatype && isStateless(each.instance as object, policy),
      ))
  );
}

const isStateless = (instance: object, policy: Type): boolean =>
  Reflect.ownKeys(instance).length === 0 && Object.getPrototypeOf(instance) === policy.prototype;

/** Whether the constructors of a class and its base classes have no parameters. */
function hasNoDependencies(policy: Type): boolean {
  const keys = [nestMetadata.parameterTypes, nestMetadata.injectedParameters];
  if (keys.some((key) => ((Reflect.getMetadata(key, policy) ?? []) as unknown[]).length > 0)) return false;
  for (let type: unknown = policy; typeof type === 'function'; type = Object.getPrototypeOf(type))
    if (type.length > 0) return false;
  return true;
}
