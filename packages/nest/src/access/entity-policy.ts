import type { VerifiedAccessToken } from '@countersign/core/resource-server';
import type { Type } from '@nestjs/common';
import type { PolicyExpression } from './policy-expression.ts';

/** A rule that decides about an entity, such as an order that the application has loaded. Only `true` allows the access. */
export type EntityPolicyFunction<Entity> = (
  principal: VerifiedAccessToken,
  entity: Entity,
) => boolean | Promise<boolean>;

/** A rule about an entity that injects other providers. The class must be a provider of a module, and not request-scoped. */
export interface EntityPolicyProvider<Entity> {
  /** Decides like an {@link EntityPolicyFunction}; `this` is the provider. */
  allowsEntity(principal: VerifiedAccessToken, entity: Entity): boolean | Promise<boolean>;
}

/** The first argument of `EntityAccess.require()`: a function, the class of a provider, or a combination of them. */
export type EntityPolicyDeclaration<Entity> = PolicyExpression<
  EntityPolicyFunction<Entity> | Type<EntityPolicyProvider<Entity>>
>;

export const isEntityPolicyClass = <Entity>(
  policy: EntityPolicyFunction<Entity> | Type<EntityPolicyProvider<Entity>>,
): policy is Type<EntityPolicyProvider<Entity>> =>
  typeof (policy.prototype as Partial<EntityPolicyProvider<Entity>> | undefined)?.allowsEntity === 'function';
