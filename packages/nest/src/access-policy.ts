import type { AccessRequirements } from '@countersign/core/api';
import type { PolicyDeclaration } from './decorators/policy.decorator.ts';

/** `protected` wants a token, `optional` takes one, `public` does not look. */
export type AccessMode = 'protected' | 'optional' | 'public';

/** What a handler asks for, with what its class asks for. */
export interface AccessPolicy {
  readonly mode: AccessMode;
  readonly requirements: AccessRequirements;
  readonly policies: readonly PolicyDeclaration[];
  /** False when a valid token is enough. */
  readonly demanding: boolean;
}

/** What one decorator, or several on one target, say. */
export interface Declaration extends AccessRequirements {
  readonly mode?: AccessMode;
  readonly policies?: readonly PolicyDeclaration[];
}

const key = Symbol.for('countersign.access');

/** Adds to what the target already says; decorators never replace one another. */
export function declare(target: object, addition: Declaration): void {
  const before = declarationOf(target);
  Reflect.defineMetadata(key, before ? merge(before, addition) : addition, target);
}

function declarationOf(target: object): Declaration | undefined {
  return Reflect.getOwnMetadata(key, target) as Declaration | undefined;
}

/** A decorator for handlers and classes. */
export function declaring(addition: Declaration): MethodDecorator & ClassDecorator {
  return (target: object, _name?: string | symbol, descriptor?: PropertyDescriptor) => {
    declare((descriptor?.value as object | undefined) ?? target, addition);
  };
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

interface HandlerPolicies {
  /** The class that was asked about first; most handlers have no other. */
  readonly owner: object;
  readonly policy: AccessPolicy;
  /** Of classes that inherit the handler. */
  readonly others: WeakMap<object, AccessPolicy>;
}

const policies = new WeakMap<object, HandlerPolicies>();

/** The policy of a handler in a class; worked out once. */
export function accessPolicyOf(handler: object, owner: object): AccessPolicy {
  const known = policies.get(handler);
  if (known?.owner === owner) return known.policy;
  const policy = known?.others.get(owner) ?? resolve(handler, owner);
  if (known) known.others.set(owner, policy);
  else policies.set(handler, { owner, policy, others: new WeakMap() });
  return policy;
}

function resolve(handler: object, owner: object): AccessPolicy {
  const own = declarationOf(handler) ?? {};
  const inherited = lineage(owner).reduce<Declaration>(
    (all, each) => merge(all, declarationOf(each) ?? {}),
    {},
  );
  const { mode, policies = [], ...requirements } = merge(inherited, own);
  const demanding = isDemanding({ ...requirements, policies });
  // A handler that says `@Public()` itself is free of what its class asks for; that is what it says. Everything else
  // that contradicts itself is taken by its stricter word: what asks for a scope is not public.
  if (mode === 'public' && !(own.mode === 'public' ? isDemanding(own) : demanding)) {
    return { mode, requirements: {}, policies: [], demanding: false };
  }
  if (mode === 'optional' && !demanding) return { mode, requirements, policies, demanding };
  return { mode: 'protected', requirements, policies, demanding };
}

/** The class and its ancestors, the farthest first: what a base controller asks for holds for its heirs. */
function lineage(owner: object): object[] {
  const chain: object[] = [];
  for (let each: object | null = owner; typeof each === 'function'; each = Object.getPrototypeOf(each))
    chain.unshift(each);
  return chain;
}

function isDemanding({ mode: _, maxAge, ...lists }: Declaration): boolean {
  return maxAge !== undefined || Object.values(lists).some((list) => list.length > 0);
}
