import { type AccessRequirements, ConfigurationError } from '@countersign/core/resource-server';
import {
  type AccessMode,
  classLevelsOf,
  type Declaration,
  type DeclarationLevel,
  declaredMethodsOf,
  methodLevelsOf,
  methodNamesOf,
  prototypesOf,
} from './declarations.ts';
import type { PolicyDeclaration } from './policy.ts';

/** What a handler asks for, with what its class asks for. */
export interface AccessPolicy {
  readonly mode: AccessMode;
  readonly requirements: AccessRequirements;
  readonly policies: readonly PolicyDeclaration[];
  /** False when a valid token is enough. */
  readonly demanding: boolean;
  /** Decorators say that a token is checked; false where that is only the default. */
  readonly declared: boolean;
}

function merge(a: Declaration, b: Declaration): Declaration {
  const mode = b.mode ?? a.mode;
  const ages = [a.maxAge, b.maxAge].filter((age) => age !== undefined);
  return {
    ...(mode && { mode }),
    scopes: [...new Set([...(a.scopes ?? []), ...(b.scopes ?? [])])],
    anyScope: [...(a.anyScope ?? []), ...(b.anyScope ?? [])],
    permissions: [...new Set([...(a.permissions ?? []), ...(b.permissions ?? [])])],
    roles: [...(a.roles ?? []), ...(b.roles ?? [])],
    policies: [...(a.policies ?? []), ...(b.policies ?? [])],
    acr: [...(a.acr ?? []), ...(b.acr ?? [])],
    ...(ages.length > 0 && { maxAge: Math.min(...ages) }),
  };
}

const strictness: Readonly<Record<AccessMode, number>> = { public: 0, optional: 1, protected: 2 };

/** The stricter of two modes. */
function stricter(a: AccessMode | undefined, b: AccessMode | undefined): AccessMode | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return strictness[a] >= strictness[b] ? a : b;
}

const strictestMode = (declarations: readonly Declaration[]): AccessMode | undefined =>
  declarations.reduce<AccessMode | undefined>((mode, each) => stricter(mode, each.mode), undefined);

interface HandlerPolicies {
  /** The class that was asked about first; most handlers have no other. */
  readonly owner: object;
  readonly policy: AccessPolicy;
  /** Of classes that inherit the handler. */
  readonly others: WeakMap<object, AccessPolicy>;
}

const policies = new WeakMap<object, HandlerPolicies>();

/**
 * The policy of a handler in a class; worked out once.
 *
 * @throws ConfigurationError `unguarded_handler` when it cannot be known which decorators belong to the function
 */
export function accessPolicyOf(handler: object, owner: object): AccessPolicy {
  const known = policies.get(handler);
  if (known?.owner === owner) return known.policy;
  const policy = known?.others.get(owner) ?? resolve(handler, owner);
  if (known) known.others.set(owner, policy);
  else policies.set(handler, { owner, policy, others: new WeakMap() });
  return policy;
}

function resolve(handler: object, owner: object): AccessPolicy {
  const names = methodNamesOf(handler, owner);
  const levels = methodLevelsOf(handler, owner, names);
  // A nearer class overrules what a base class says about the mode; requirements add up.
  const ofClass = classLevelsOf(owner).reduce<Declaration>((all, level) => {
    const mode = strictestMode(level);
    return { ...level.reduce(merge, all), ...((mode ?? all.mode) && { mode: mode ?? all.mode }) };
  }, {});
  if (names.size === 0) rejectUnknownMethod(owner, ofClass);
  // What an overridden method asks for holds for the override too: an override repeats the route, often nothing more.
  const ofMethod = levels.flatMap(({ declarations }) => declarations).reduce(merge, {});
  const ownMode = strictestMode(levels.filter(({ isOwn }) => isOwn).flatMap((each) => each.declarations));
  const mode = ownMode ?? inheritedMode(levels, ofClass.mode);

  const { mode: _, policies = [], ...requirements } = merge(ofClass, ofMethod);
  const demanding = isDemanding({ ...requirements, policies });
  // A handler that says `@Public()` itself is exempt from what its class asks for; that is what it says. Every other
  // contradiction is resolved to the stricter side: what asks for a scope is not public.
  if (mode === 'public' && !(ownMode === 'public' ? isDemanding(ofMethod) : demanding)) {
    return { mode, requirements: {}, policies: [], demanding: false, declared: false };
  }
  const declared = demanding || mode !== undefined;
  if (mode === 'optional' && !demanding) return { mode, requirements, policies, demanding, declared };
  return { mode: 'protected', requirements, policies, demanding, declared };
}

/**
 * The mode of a method that does not state one. An overridden method can close it and cannot open it: `@Public()` on a
 * method is about the code of that method.
 */
function inheritedMode(
  levels: readonly DeclarationLevel[],
  classMode: AccessMode | undefined,
): AccessMode | undefined {
  const overridden = strictestMode(levels.filter(({ isOwn }) => !isOwn).flatMap((each) => each.declarations));
  if (classMode === undefined) return overridden === 'protected' ? overridden : undefined;
  return stricter(overridden, classMode);
}

/**
 * Without the name of the method its decorators cannot be found, and it must not run without them. Where only the class
 * requires something, that holds for every method.
 */
function rejectUnknownMethod(owner: object, { mode = 'protected' }: Declaration): void {
  const hasDeclaredMethods = prototypesOf(owner).some((prototype) => declaredMethodsOf(prototype).size > 0);
  if (!hasDeclaredMethods && mode === 'protected') return;
  const { name } = owner as { readonly name: string };
  throw new ConfigurationError(
    'unguarded_handler',
    `A handler of ${name} is not a method of the class, so its access decorators cannot be found. ` +
      `${name} or a library replaces its methods on the instance; declare the handler as a method, ` +
      'or replace it on the prototype.',
  );
}

export function isDemanding({ mode: _, maxAge, ...lists }: Declaration): boolean {
  return maxAge !== undefined || Object.values(lists).some((list) => list.length > 0);
}
