import { ConfigurationError } from '@countersign/core/resource-server';
import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { listModuleClasses, type Module } from '../handlers/module-classes.ts';
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
  const ownerModules = findModules(owner, modules);
  const nearest = new Set(ownerModules.map((module) => findVisible(policy, module)));
  const [module] = nearest;
  if (nearest.size === 1 && module) return module;
  if (haveSameInstance(policy, all)) return all[0];
  throw new ConfigurationError(
    'invalid_option',
    `The policy of @Policy(${policy.name}) on ${owner.name} is a provider of each of the modules ` +
      `${formatModules(all)}, expected one provider. Add ${policy.name} to the providers of the module of ${owner.name}, or export it from one ` +
      'module that this module imports.',
  );
}

/** Lists the modules that provide a class. */
export const listPolicyModules = (policy: Type, modules: ModulesContainer): Module[] =>
  [...modules.values()].filter(({ providers }) => providers.has(policy));

/** Creates the error for a policy class of which `EntityAccess` would have to choose an instance. */
export const createSeveralProvidersError = (
  policy: { readonly name: string },
  modules: readonly Module[],
): ConfigurationError =>
  new ConfigurationError(
    'invalid_option',
    `The policy of EntityAccess.require(${policy.name}) is a provider of each of the modules ` +
      `${formatModules(modules)}, expected one provider. Export it from one module and import that module, or inject it and pass ` +
      '(principal, entity) => policy.allowsEntity(principal, entity).',
  );

const formatModules = (modules: readonly Module[]): string =>
  modules.map(({ metatype }) => metatype.name).join(', ');

/** Finds the modules that contain a class with handlers. */
function findModules(owner: Type, modules: ModulesContainer): readonly Module[] {
  const matchingModules = [...modules.values()].filter(
    ({ controllers, providers }) => controllers.has(owner) || providers.has(owner),
  );
  if (matchingModules.length > 0) return matchingModules;
  // Another decorator has replaced the class, or a provider has another token.
  return listModuleClasses(modules)
    .filter(({ type }) => type === owner || (type.prototype as object).constructor === owner)
    .map(({ module }) => module);
}

/** Finds the nearest module that provides a class to a module, in Nest's order: itself, its imports, what these export. */
const findVisible = (policy: Type, module: Module): Module | undefined =>
  module.providers.has(policy) ? module : findImported(policy, module.imports, new Set());

function findImported(
  policy: Type,
  imports: ReadonlySet<Module>,
  visitedModules: Set<Module>,
): Module | undefined {
  for (const each of imports) {
    if (visitedModules.has(each)) continue;
    visitedModules.add(each);
    if (each.exports.has(policy) && each.providers.has(policy)) return each;
    const exportedModules = [...each.imports].filter(({ metatype }) => each.exports.has(metatype));
    const importedModules = findImported(policy, new Set(exportedModules), visitedModules);
    if (importedModules) return importedModules;
  }
  return undefined;
}

/** Whether the providers are the same object, for example a value, so that it does not matter which of them decides. */
export function haveSameInstance(policy: Type, modules: readonly Module[]): boolean {
  const wrappers = modules.map(({ providers }) => providers.get(policy));
  const instances = new Set(wrappers.map((each) => each?.instance as unknown));
  return instances.size === 1 && wrappers.every((each) => each?.isDependencyTreeStatic() === true);
}
