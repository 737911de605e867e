import { ConfigurationError } from '@countersign/core/resource-server';
import type { ExecutionContext, Type } from '@nestjs/common';
import { type ContextId, ContextIdFactory, ModuleRef, ModulesContainer } from '@nestjs/core';
import { contextIds } from '../module-state.ts';
import type { PolicyProvider } from './access-policy.ts';
import { findPolicyModule } from './policy-module.ts';

/**
 * Finds the provider of a policy class. A provider that is request-scoped, durable or transient, or that depends on one,
 * is resolved for the request of the context, like a controller of that scope.
 *
 * @throws ConfigurationError `invalid_option` if no module provides the class, or several do and none is the nearest
 */
export function findPolicyProvider(
  policy: Type<PolicyProvider>,
  modules: ModuleRef,
  context: ExecutionContext,
): PolicyProvider | Promise<PolicyProvider> {
  try {
    const [provider, ...others] = modules.get<PolicyProvider>(policy, { strict: false, each: true });
    if (provider && others.length === 0) return provider;
  } catch {
    // Either the class is not a provider, or it is not static.
  }
  if (!isProvider(policy, modules))
    throw new ConfigurationError(
      'invalid_option',
      `The policy of @Policy(${policy.name}) is not a provider, expected one. Add it to the providers of a module.`,
    );
  const container = modules.get(ModulesContainer, { strict: false });
  const module = findPolicyModule(policy, context.getClass(), container);
  const reference = module?.providers.get(ModuleRef)?.instance as ModuleRef | undefined;
  const options = { strict: reference !== undefined };
  try {
    return (reference ?? modules).get<PolicyProvider>(policy, options);
  } catch {
    return (reference ?? modules).resolve<PolicyProvider>(policy, getContextId(modules, context), options);
  }
}

function isProvider(policy: Type<PolicyProvider>, modules: ModuleRef): boolean {
  try {
    modules.introspect(policy);
    return true;
  } catch {
    return false;
  }
}

/** Gets the identifier that all providers of the request share. Each message of a connection is a separate request. */
function getContextId(modules: ModuleRef, context: ExecutionContext): ContextId {
  const { request, isMessage } = findRequest(context);
  // Nest attaches the identifier to the request if the handler itself is request-scoped.
  const contextId = ContextIdFactory.getByRequest(request, ['raw', 'req']);
  if (contextId === ContextIdFactory.getByRequest(request, ['raw', 'req'])) return contextId;
  const existingId = isMessage ? undefined : contextIds.get(request);
  if (existingId) return existingId;
  if (!isMessage) contextIds.set(request, contextId);
  const { payload } = contextId as { readonly payload?: object };
  modules.registerRequestByContextId(payload ? Object.assign(request, payload) : request, contextId);
  return contextId;
}

/** Finds the value that Nest injects as `REQUEST`. */
function findRequest(context: ExecutionContext): { readonly request: object; readonly isMessage: boolean } {
  switch (context.getType<string>()) {
    case 'http':
      return { request: context.getArgByIndex<object>(0), isMessage: false };
    case 'graphql': {
      // Resolvers receive (root, args, context, info), reference resolvers receive (root, context, info).
      const args = context.getArgs<object[]>();
      return { request: args[args.length - 2] ?? {}, isMessage: false };
    }
    case 'ws':
      return { request: context.getArgByIndex<object>(0), isMessage: true };
    default: {
      const { getData, getContext } = context.switchToRpc();
      return { request: { data: getData(), context: getContext() }, isMessage: true };
    }
  }
}
