import { ConfigurationError } from '@countersign/core/resource-server';
import type { Type } from '@nestjs/common';
import { ModuleRef, type ModulesContainer } from '@nestjs/core';
import { isParameterizedPolicy, isPolicyClass, type PolicyProvider } from '../../access/access-policy.ts';
import { isEntityPolicyClass } from '../../access/entity-policy.ts';
import { listPolicies } from '../../access/policy-expression.ts';
import {
  createSeveralProvidersError,
  findPolicyModule,
  haveSameInstance,
  listPolicyModules,
} from '../../access/policy-module.ts';
import { getAccessPolicy } from '../../access/resolve-access.ts';
import { EntityAccess } from '../../guard/entity-access.ts';
import type { Handler } from '../handler.ts';
import type { Module } from '../module-classes.ts';

/**
 * Checks that one provider of each policy class decides about each handler, and that `EntityAccess` finds one provider of
 * each class that only it can use.
 *
 * @throws ConfigurationError `invalid_option` that names each class and its modules
 */
export function checkPolicies(handlers: readonly Handler[], modules: ModulesContainer): void {
  const policies = new Set<unknown>(handlers.flatMap(listPolicyClasses));
  const problems = new Set([
    ...handlers.flatMap((handler) =>
      listPolicyClasses(handler).flatMap(
        (policy) => findAmbiguity(policy, { owner: handler.owner, modules }) ?? [],
      ),
    ),
    ...checkEntityPolicies(policies, modules),
  ]);
  if (problems.size > 0) throw new ConfigurationError('invalid_option', [...problems].join('\n'));
}

/**
 * Finds classes with several providers that `EntityAccess` rejects when it is called. A class that is used in another way
 * may not be meant for it.
 */
function checkEntityPolicies(usedPolicies: ReadonlySet<unknown>, modules: ModulesContainer): string[] {
  const all = [...modules.values()];
  const injectedTypes = new Set(all.flatMap((module) => listInjected(module)));
  if (!injectedTypes.has(EntityAccess)) return [];
  const tokens = new Set(all.flatMap(({ providers }) => [...providers.keys()]));
  return [...tokens].flatMap((token) => {
    if (typeof token !== 'function' || usedPolicies.has(token) || injectedTypes.has(token)) return [];
    const policy = token as Type;
    if (!isEntityPolicyClass(policy)) return [];
    const policyModules = listPolicyModules(policy, modules);
    // Another class of the module may get its instance from `ModuleRef`.
    const mayBeFetched = policyModules.some((module) =>
      listInjected(module, { except: policy }).includes(ModuleRef),
    );
    return policyModules.length < 2 || haveSameInstance(policy, policyModules) || mayBeFetched
      ? []
      : createSeveralProvidersError(policy, policyModules).message;
  });
}

/** Lists the tokens that Nest has injected into the classes and factories of a module. */
function listInjected(
  { providers, controllers, injectables }: Module,
  { except }: { readonly except?: Type } = {},
): unknown[] {
  return [providers, controllers, injectables]
    .flatMap((each) => [...each.values()])
    .filter(({ token }) => token !== except)
    .flatMap((wrapper) => [
      ...(wrapper.getCtorMetadata() ?? []),
      ...(wrapper.getPropertiesMetadata() ?? []).map((property) => property.wrapper),
    ])
    .map((dependency) => dependency?.token);
}

function listPolicyClasses({ method, owner }: Handler): Type<PolicyProvider>[] {
  const { mode, policies } = getAccessPolicy(method, owner);
  if (mode === 'public') return [];
  return policies
    .flatMap((each) => listPolicies(each))
    .map((each) => (isParameterizedPolicy(each) ? each.policy : each))
    .filter(isPolicyClass);
}

function findAmbiguity(
  policy: Type<PolicyProvider>,
  { owner, modules }: { readonly owner: Type; readonly modules: ModulesContainer },
): string | undefined {
  try {
    findPolicyModule(policy, owner, modules);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
}
