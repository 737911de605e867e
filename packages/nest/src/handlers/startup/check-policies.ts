import { ConfigurationError } from '@countersign/core/resource-server';
import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { isParameterizedPolicy, isPolicyClass, type PolicyProvider } from '../../access/access-policy.ts';
import { listPolicies } from '../../access/policy-expression.ts';
import { findPolicyModule } from '../../access/policy-module.ts';
import { getAccessPolicy } from '../../access/resolve-access.ts';
import type { Handler } from '../handler.ts';

/**
 * Checks that one provider of each policy class decides about each handler.
 *
 * @throws ConfigurationError `invalid_option` that names each class and its modules
 */
export function checkPolicies(handlers: readonly Handler[], modules: ModulesContainer): void {
  const problems = new Set(
    handlers.flatMap((handler) =>
      listPolicyClasses(handler).flatMap(
        (policy) => findAmbiguity(policy, { owner: handler.owner, modules }) ?? [],
      ),
    ),
  );
  if (problems.size > 0) throw new ConfigurationError('invalid_option', [...problems].join('\n'));
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
