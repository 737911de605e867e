import type { VerifiedAccessToken } from '@countersign/core/resource-server';
import type { ExecutionContext, Type } from '@nestjs/common';
import { declaring } from '../guard/declarations.ts';

/**
 * Decides for one request; whatever is not `true` denies, with 403 `access_denied`. An exception of Nest (such as
 * `NotFoundException`) is answered as it is; every other exception is logged, and denies with 500.
 */
export type PolicyFunction = (
  principal: VerifiedAccessToken,
  context: ExecutionContext,
) => boolean | Promise<boolean>;

/** A policy that needs other providers. It must be a provider itself. */
export interface PolicyProvider {
  /** As a function would decide; `this` is the provider. */
  allows: PolicyFunction;
}

/** What `@Policy()` takes: a function, or the class of a provider. */
export type PolicyDeclaration = PolicyFunction | Type<PolicyProvider>;

/**
 * A rule of your own, after every other check: `@Policy((principal, context) => ...)` or `@Policy(OwnerPolicy)`.
 * Several policies must all allow.
 */
export const Policy = (policy: PolicyDeclaration): MethodDecorator & ClassDecorator =>
  declaring({ policies: [policy] });

export const isPolicyClass = (policy: PolicyDeclaration): policy is Type<PolicyProvider> =>
  typeof (policy.prototype as PolicyProvider | undefined)?.allows === 'function';
