import {
  type AccessTokenVerifier,
  ConfigurationError,
  TransportError,
  type VerifiedAccessToken,
} from '@countersign/core/resource-server';
import { HttpException, Inject, Injectable, InternalServerErrorException } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import {
  type EntityPolicyDeclaration,
  type EntityPolicyProvider,
  isEntityPolicyClass,
} from '../access/entity-policy.ts';
import { checkPolicy, evaluatePolicy } from '../access/policy-expression.ts';
import { createSeveralProvidersError, listPolicyModules } from '../access/policy-module.ts';
import { toVerifierException } from '../errors/access-token.exception.ts';
import { toPolicyError } from '../errors/policy-errors.ts';
import { isInstance, isRejection, logUnexpectedError } from '../errors/unexpected-errors.ts';
import type { GuardOptions } from '../guard-options.ts';
import { ACCESS_TOKEN_VERIFIER, GUARD_OPTIONS } from '../injection-tokens.ts';
import { entityAccessErrors } from '../module-state.ts';

/** The principal and the entity of an access check. */
export interface EntityAccessOptions<Entity> {
  /** The value of `@Principal()`. `undefined` for an anonymous request, which is rejected with 401. */
  readonly principal: VerifiedAccessToken | undefined;
  /** The loaded entity. If it does not exist, respond with 404 before this call. */
  readonly entity: Entity;
}

const name = 'EntityAccess.require';

/**
 * Checks policies that need a loaded entity, such as its owner. Guards run before the handler, so a handler or service
 * calls it after it has loaded the entity, and the entity is loaded once.
 *
 * @see https://docs.nestjs.com/faq/request-lifecycle
 * @example
 * ```ts
 * const isOwner = ({ sub }: VerifiedAccessToken, order: { owner: string }) => sub === order.owner;
 * const isSupport = ({ roles }: VerifiedAccessToken) => roles.includes('support');
 *
 * @Controller('orders')
 * class OrdersController {
 *   constructor(private readonly access: EntityAccess) {}
 *
 *   @Delete(':id')
 *   async remove(@Param('id') id: string, @Principal() principal: VerifiedAccessToken) {
 *     const order = await this.findOrder(id);
 *     await this.access.require({ any: [isOwner, isSupport] }, { principal, entity: order });
 *   }
 *
 *   private async findOrder(id: string) {
 *     return { id, owner: 'alice' };
 *   }
 * }
 * ```
 */
@Injectable()
export class EntityAccess {
  constructor(
    @Inject(ACCESS_TOKEN_VERIFIER) private readonly verifier: AccessTokenVerifier,
    @Inject(GUARD_OPTIONS) private readonly options: GuardOptions,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {}

  /**
   * Resolves if the policy allows the access.
   *
   * @throws AccessTokenException with status 403 if the policy denies it, 401 without a principal, or 503 if a service is
   *   unavailable; an exception of Nest that the policy throws; `InternalServerErrorException` for any other exception,
   *   which is logged
   * @throws ConfigurationError `invalid_option` if the argument is not a policy
   */
  async require<Entity>(
    policy: EntityPolicyDeclaration<Entity>,
    options: EntityAccessOptions<Entity>,
  ): Promise<void> {
    try {
      await this.#check(policy, options);
    } catch (error) {
      if (typeof error === 'object' && error !== null) entityAccessErrors.add(error);
      throw error;
    }
  }

  async #check<Entity>(
    policy: EntityPolicyDeclaration<Entity>,
    { principal, entity }: EntityAccessOptions<Entity>,
  ): Promise<void> {
    checkPolicy(policy, { name: 'EntityAccess.require()', isPolicy: (each) => typeof each === 'function' });
    if (!principal) {
      await this.verifier.verify({ headers: {} });
      // A verifier of tests or of the application may accept a request without a credential.
      throw this.verifier.createAccessDeniedError('Access is denied');
    }
    let isAllowed: boolean;
    try {
      isAllowed = await evaluatePolicy(policy, (each) =>
        isEntityPolicyClass(each)
          ? this.#findProvider(each).allowsEntity(principal, entity)
          : each(principal, entity),
      );
    } catch (error) {
      throw this.#toException(error);
    }
    if (!isAllowed) throw this.verifier.createAccessDeniedError('Access is denied');
  }

  #findProvider<Entity>(
    policy: new (...args: never[]) => EntityPolicyProvider<Entity>,
  ): EntityPolicyProvider<Entity> {
    let providers: EntityPolicyProvider<Entity>[];
    try {
      providers = this.modules.get<EntityPolicyProvider<Entity>>(policy as never, {
        strict: false,
        each: true,
      });
    } catch {
      throw new ConfigurationError(
        'invalid_option',
        `The policy of EntityAccess.require(${policy.name}) is not a provider of a module, or it is request-scoped or transient, ` +
          'expected a provider with the default scope. Add it to the providers of a module, or inject it and pass ' +
          '(principal, entity) => policy.allowsEntity(principal, entity).',
      );
    }
    const [provider, ...others] = new Set(providers);
    if (provider && others.length === 0) return provider;
    // It is not known which of the modules called.
    const policyModules = listPolicyModules(
      policy as never,
      this.modules.get(ModulesContainer, { strict: false }),
    );
    throw createSeveralProvidersError(policy, policyModules);
  }

  #toException(thrownValue: unknown): unknown {
    const error = toPolicyError(thrownValue, { name });
    if (isInstance(error, HttpException)) return error;
    if (isInstance(error, TransportError))
      return toVerifierException(error, this.options.errorFormat ?? 'nest');
    if (isRejection(error)) return error;
    logUnexpectedError(error, { name });
    return new InternalServerErrorException();
  }
}
