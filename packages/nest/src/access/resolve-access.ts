import { ConfigurationError } from '@countersign/core/resource-server';
import { policiesByHandler } from '../module-state.ts';
import type { AccessMode, AccessPolicy } from './access-policy.ts';
import {
  type Declaration,
  type DeclarationLevel,
  findMethodNames,
  listPrototypes,
  readClassLevels,
  readDeclaredMethods,
  readMethodLevels,
} from './decorator-metadata.ts';

/**
 * Gets the policy of a handler in a class. It is computed once.
 *
 * @throws ConfigurationError `unguarded_handler` if the decorators of the function cannot be determined
 */
export function getAccessPolicy(handler: object, owner: object): AccessPolicy {
  const cachedPolicy = policiesByHandler.get(handler);
  if (cachedPolicy?.owner === owner) return cachedPolicy.policy;
  const policy = cachedPolicy?.others.get(owner) ?? resolvePolicy(handler, owner);
  if (cachedPolicy) cachedPolicy.others.set(owner, policy);
  else policiesByHandler.set(handler, { owner, policy, others: new WeakMap() });
  return policy;
}

function resolvePolicy(handler: object, owner: object): AccessPolicy {
  const names = findMethodNames(handler, owner);
  const levels = readMethodLevels(handler, owner, names);
  const classDeclaration = readClassDeclaration(owner);
  if (names.size === 0) rejectUnknownMethod(owner, classDeclaration);
  // Requirements of an overridden method also apply to the override: an override often repeats only the route.
  const methodDeclaration = levels.flatMap(({ declarations }) => declarations).reduce(merge, {});
  const ownMode = findStrictestMode(levels.filter(({ isOwn }) => isOwn).flatMap((each) => each.declarations));
  const mode = ownMode ?? findInheritedMode(levels, classDeclaration.mode);

  const { mode: _, policies = [], ...requirements } = merge(classDeclaration, methodDeclaration);
  const isRestricted = hasRequirements({ ...requirements, policies });
  // `@Public()` on the handler itself exempts it from the requirements of its class. For every other
  // contradiction, the stricter declaration applies: a handler that requires a scope is not public.
  if (mode === 'public' && !(ownMode === 'public' ? hasRequirements(methodDeclaration) : isRestricted)) {
    return { mode, requirements: {}, policies: [], hasRequirements: false, isExplicit: false };
  }
  return {
    mode: mode === 'optional' && !isRestricted ? 'optional' : 'protected',
    requirements,
    policies,
    hasRequirements: isRestricted,
    isExplicit: isRestricted || mode !== undefined,
  };
}

/** Reads the declaration of a class: its mode replaces that of its base class, and requirements add up. */
function readClassDeclaration(owner: object): Declaration {
  return readClassLevels(owner).reduce<Declaration>((all, level) => {
    const mode = findStrictestMode(level);
    return { ...level.reduce(merge, all), ...((mode ?? all.mode) && { mode: mode ?? all.mode }) };
  }, {});
}

/** Whether the class is `@Public()` and has no requirements. */
export function isPublicClass(owner: object): boolean {
  const declaration = readClassDeclaration(owner);
  return declaration.mode === 'public' && !hasRequirements(declaration);
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

/** Returns the stricter of two modes. */
function toStricterMode(a: AccessMode | undefined, b: AccessMode | undefined): AccessMode | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return strictness[a] >= strictness[b] ? a : b;
}

const findStrictestMode = (declarations: readonly Declaration[]): AccessMode | undefined =>
  declarations.reduce<AccessMode | undefined>((mode, each) => toStricterMode(mode, each.mode), undefined);

/**
 * Finds the mode of a method that has no mode itself. An overridden method can make the override protected, never
 * public: `@Public()` on a method applies to the code of that method only.
 */
function findInheritedMode(
  levels: readonly DeclarationLevel[],
  classMode: AccessMode | undefined,
): AccessMode | undefined {
  const overriddenMode = findStrictestMode(
    levels.filter(({ isOwn }) => !isOwn).flatMap((each) => each.declarations),
  );
  if (classMode === undefined) return overriddenMode === 'protected' ? overriddenMode : undefined;
  return toStricterMode(overriddenMode, classMode);
}

/**
 * Rejects a handler whose method name is unknown: its decorators cannot be found, and it must not run without them. If
 * only the class has requirements, they apply to every method, and the handler can run.
 */
function rejectUnknownMethod(owner: object, { mode = 'protected' }: Declaration): void {
  const hasDeclaredMethods = listPrototypes(owner).some(
    (prototype) => readDeclaredMethods(prototype).size > 0,
  );
  if (!hasDeclaredMethods && mode === 'protected') return;
  const { name } = owner as { readonly name: string };
  throw new ConfigurationError(
    'unguarded_handler',
    `A handler of ${name} is not a method of the class, so its access decorators cannot be found. ` +
      `${name} or a library replaces its methods on the instance. Declare the handler as a method, ` +
      'or replace it on the prototype.',
  );
}

/** Whether a declaration requires more than a valid token. */
export function hasRequirements({ mode: _, maxAge, ...lists }: Declaration): boolean {
  return maxAge !== undefined || Object.values(lists).some((list) => list.length > 0);
}
