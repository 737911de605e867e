import type { AccessRequirements, VerifiedAccessToken } from '@countersign/core/resource-server';
import type { ExecutionContext, Type } from '@nestjs/common';
import type { PolicyExpression } from './policy-expression.ts';

/**
 * A rule of the application that decides about one request. Only `true` allows it: every other value denies it with 403
 * `access_denied`. An exception of Nest, such as `NotFoundException`, is sent to the client unchanged. An exception that
 * reports an unavailable service, such as `ECONNREFUSED` of a database, denies the request with 503, any other exception
 * with 500. Both are logged.
 */
export type PolicyFunction = (
  principal: VerifiedAccessToken,
  context: ExecutionContext,
) => boolean | Promise<boolean>;

/**
 * A policy that injects other providers. The class must be a provider of a module. `Parameters` is the type of the values
 * that {@link createPolicy} passes to it.
 */
export interface PolicyProvider<Parameters = undefined> {
  /** Decides like a {@link PolicyFunction}; `this` is the provider. */
  allows(
    principal: VerifiedAccessToken,
    context: ExecutionContext,
    parameters: Parameters,
  ): boolean | Promise<boolean>;
}

/** A policy class with its parameters. Created by {@link createPolicy}. */
export interface ParameterizedPolicy {
  readonly policy: Type<PolicyProvider<never>>;
  readonly parameters: unknown;
}

/** A policy that is not a combination. */
export type PolicyLeaf = PolicyFunction | Type<PolicyProvider> | ParameterizedPolicy;

/**
 * The argument of `@Policy()`: a function, the class of a provider, a class with parameters, or a combination
 * (`{ all: [...] }`, `{ any: [...] }`, `{ not: ... }`) of them.
 */
export type PolicyDeclaration = PolicyExpression<PolicyLeaf>;

/**
 * Passes parameters to a policy class.
 *
 * @see https://docs.nestjs.com/guards
 * @example
 * ```ts
 * @Injectable()
 * class PlanPolicy implements PolicyProvider<{ plan: string }> {
 *   allows({ claims }: VerifiedAccessToken, _: ExecutionContext, { plan }: { plan: string }) {
 *     return claims.plan === plan;
 *   }
 * }
 *
 * @Policy(createPolicy(PlanPolicy, { plan: 'pro' }))
 * @Controller('exports')
 * class ExportsController {}
 * ```
 */
export const createPolicy = <Parameters>(
  policy: Type<PolicyProvider<Parameters>>,
  parameters: Parameters,
): ParameterizedPolicy => ({ policy, parameters });

export const isPolicyClass = (policy: unknown): policy is Type<PolicyProvider> =>
  typeof policy === 'function' &&
  typeof (policy.prototype as Partial<PolicyProvider> | undefined)?.allows === 'function';

export const isParameterizedPolicy = (policy: unknown): policy is ParameterizedPolicy =>
  typeof policy === 'object' && policy !== null && isPolicyClass((policy as { policy?: unknown }).policy);

/** `protected` requires a token, `optional` accepts one, `public` ignores it. */
export type AccessMode = 'protected' | 'optional' | 'public';

/** The requirements of a handler, including those of its class. */
export interface AccessPolicy {
  readonly mode: AccessMode;
  readonly requirements: AccessRequirements;
  readonly policies: readonly PolicyDeclaration[];
  /** False if a valid token is sufficient. */
  readonly hasRequirements: boolean;
  /** True if decorators require the check of a token; false if only the default requires it. */
  readonly isExplicit: boolean;
}

/** Formats a policy for the access report. */
export function formatPolicyName(policy: PolicyLeaf): string {
  if (!isParameterizedPolicy(policy)) return policy.name || '(anonymous)';
  return `${policy.policy.name}(${formatParameters(policy.parameters)})`;
}

function formatParameters(parameters: unknown): string {
  try {
    return JSON.stringify(parameters) ?? String(parameters);
  } catch {
    return '...';
  }
}
