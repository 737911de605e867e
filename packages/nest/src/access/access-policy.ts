import type { AccessRequirements, VerifiedAccessToken } from '@countersign/core/resource-server';
import type { ExecutionContext, Type } from '@nestjs/common';

/**
 * A rule of the application that decides about one request. Only `true` allows it: every other value denies it with 403
 * `access_denied`. An exception of Nest, such as `NotFoundException`, is sent to the client unchanged. Any other
 * exception is logged and denies the request with 500.
 */
export type PolicyFunction = (
  principal: VerifiedAccessToken,
  context: ExecutionContext,
) => boolean | Promise<boolean>;

/** A policy that injects other providers. The class must be a provider of a module. */
export interface PolicyProvider {
  /** Decides like a {@link PolicyFunction}; `this` is the provider. */
  allows: PolicyFunction;
}

/** The argument of `@Policy()`: a function, or the class of a provider. */
export type PolicyDeclaration = PolicyFunction | Type<PolicyProvider>;

export const isPolicyClass = (policy: PolicyDeclaration): policy is Type<PolicyProvider> =>
  typeof (policy.prototype as PolicyProvider | undefined)?.allows === 'function';

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
