import {
  type AccessTokenVerifier,
  type AuthenticatedRequest,
  ConfigurationError,
} from '@countersign/core/api';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { type AccessPolicy, accessPolicyOf } from './access-policy.ts';
import { Authenticator } from './authenticator.ts';
import { isPolicyClass, type PolicyDeclaration } from './decorators/policy.decorator.ts';
import { toException } from './exceptions.ts';
import type { GuardOptions } from './guard-options.ts';
import { ACCESS_TOKEN_VERIFIER, GUARD_OPTIONS } from './tokens.ts';
import { transportOf } from './transport/index.ts';
import type { Transport } from './transport/transport.ts';

/**
 * Lets a handler run only with an access token that it accepts: HTTP, GraphQL, WebSocket and microservices.
 * `AuthModule` applies it to the whole application. A kind of context that it does not know is denied.
 *
 * @see RFC 6750, RFC 9068 section 4
 */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  // Not `#`, which a class with decorators pays for with a look-up at every request.
  constructor(
    @Inject(ACCESS_TOKEN_VERIFIER) private readonly verifier: AccessTokenVerifier,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(GUARD_OPTIONS) private readonly options: GuardOptions,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {}

  /**
   * Decides for one request, operation or message.
   *
   * @throws AccessTokenException over HTTP and GraphQL, and in gateways and microservices Nest's own `WsException` and
   *   `RpcException`, when the credential is missing or refused, or cannot be verified at the moment (503)
   * @throws ConfigurationError when a class of `@Policy()` is no provider
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const policy = accessPolicyOf(context.getHandler(), context.getClass());
    if (policy.mode === 'public') return true;
    const transport = transportOf(context, this.options.rpcCredentials);
    // A context that is not known has no credential to look at, so nobody is let in.
    if (!transport) return false;
    // Most requests bring a token that was verified before, and need not wait.
    const known = this.authenticator.recall(transport);
    if (known && !policy.demanding) return true;
    return this.#activate(policy, known, { transport, context });
  }

  async #activate(
    policy: AccessPolicy,
    known: AuthenticatedRequest | undefined,
    { transport, context }: { readonly transport: Transport; readonly context: ExecutionContext },
  ): Promise<boolean> {
    try {
      const authenticated =
        known ?? (await this.authenticator.authenticate(transport, policy.mode === 'optional'));
      if (!authenticated) return true;
      if (policy.demanding) {
        this.verifier.authorize(authenticated, policy.requirements);
        await this.#checkPolicies(policy.policies, authenticated, context);
      }
      for (const [name, value] of Object.entries(authenticated.headers ?? {}))
        transport.setHeader?.(name, value);
      return true;
    } catch (error) {
      throw await toException(error, transport, this.options);
    }
  }

  async #checkPolicies(
    policies: readonly PolicyDeclaration[],
    { accessToken }: AuthenticatedRequest,
    context: ExecutionContext,
  ): Promise<void> {
    for (const policy of policies) {
      const allowed = isPolicyClass(policy)
        ? await this.#providerOf(policy).allows(accessToken, context)
        : await policy(accessToken, context);
      if (allowed !== true) throw this.verifier.denied('This is not allowed');
    }
  }

  #providerOf<T>(policy: new (...args: never[]) => T): T {
    try {
      return this.modules.get<T>(policy, { strict: false });
    } catch {
      throw new ConfigurationError(
        'invalid_option',
        `@Policy(${policy.name}) needs ${policy.name} among the providers of a module`,
      );
    }
  }
}
