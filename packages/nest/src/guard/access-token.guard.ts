import {
  type AccessTokenVerifier,
  type AuthenticatedRequest,
  ConfigurationError,
} from '@countersign/core/resource-server';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { type AccessPolicy, accessPolicyOf } from '../access/access-policy.ts';
import { isPolicyClass, type PolicyDeclaration } from '../access/policy.ts';
import { toException } from '../errors/exceptions.ts';
import { settleRejectedMessage } from '../errors/rejected-messages.ts';
import { nameOfHandler } from '../errors/unexpected-errors.ts';
import { isLongAnswer } from '../expiry/streaming-handlers.ts';
import type { GuardOptions } from '../guard-options.ts';
import { ACCESS_TOKEN_VERIFIER, GUARD_OPTIONS } from '../injection-tokens.ts';
import { recordDecision } from '../memo/guard-memo.ts';
import { transportOf, unknownTransport } from '../transport/find-transport.ts';
import type { Transport } from '../transport/transport.ts';
import { Authenticator } from './authenticator.ts';

interface Refusing {
  readonly transport: Transport | undefined;
  readonly context: ExecutionContext;
  readonly verified: boolean;
}

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
  ) {
    // Else a token would be verified by one, and what it may do decided by the other.
    if (authenticator.verifier !== verifier)
      throw new ConfigurationError(
        'invalid_option',
        'AccessTokenGuard got its verifier and its Authenticator from two modules. Import AuthModule.forRoot() in the module that uses the guard, instead of providing ACCESS_TOKEN_VERIFIER there',
      );
  }

  /**
   * Decides for one request, operation or message. Whatever is thrown meanwhile is a refusal.
   *
   * @throws AccessTokenException over HTTP and GraphQL, and in gateways and microservices Nest's own `WsException` and
   *   `RpcException`, when the credential is missing or refused, or cannot be verified at the moment (503). An
   *   unforeseen exception is logged and refused with 401 `invalid_token`, or with 500 after the token was verified
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    let transport: Transport | undefined;
    try {
      const policy = accessPolicyOf(context.getHandler(), context.getClass());
      if (policy.mode === 'public') return this.#activatePublic(context);
      transport = transportOf(context, this.options.rpcCredentials);
      // A context that is not known has no credential that could be verified, so it is refused.
      if (!transport) return false;
      // Most requests bring a token that was verified before, and need not wait.
      const known = this.authenticator.findCachedRequest(transport);
      if (known && !policy.demanding) return this.#accept(transport, context, known);
      return this.#activate(policy, known, { transport, context });
    } catch (error) {
      return this.#refuse(error, { transport, context, verified: false });
    }
  }

  /** A field of GraphQL shares its request with guarded ones: what is below it has no principal either. */
  #activatePublic(context: ExecutionContext): true {
    if (context.getType<string>() !== 'graphql') return true;
    try {
      const transport = transportOf(context, this.options.rpcCredentials);
      if (transport) recordDecision(transport, context, { authenticator: this, authenticated: undefined });
    } catch {
      // Nothing is known of who is asking, and a public handler does not have to know.
    }
    return true;
  }

  async #activate(
    policy: AccessPolicy,
    known: AuthenticatedRequest | undefined,
    { transport, context }: { readonly transport: Transport; readonly context: ExecutionContext },
  ): Promise<boolean> {
    let verified = known !== undefined;
    try {
      const authenticated =
        known ?? (await this.authenticator.authenticate(transport, policy.mode === 'optional'));
      verified = true;
      if (authenticated && policy.demanding) {
        this.verifier.authorize(authenticated, policy.requirements);
        await this.#checkPolicies(policy.policies, authenticated, context);
      }
      for (const [name, value] of Object.entries(authenticated?.headers ?? {}))
        transport.setHeader?.(name, value);
      return this.#accept(transport, context, authenticated);
    } catch (error) {
      return this.#refuse(error, { transport, context, verified });
    }
  }

  /** From here on the handler knows who is asking, and an answer that streams ends with the token. */
  #accept(
    transport: Transport,
    context: ExecutionContext,
    authenticated: AuthenticatedRequest | undefined,
  ): true {
    recordDecision(transport, context, { authenticator: this.authenticator, authenticated });
    if (authenticated && !transport.close && isLongAnswer(context.getHandler(), transport))
      this.authenticator.endWithToken(transport, authenticated);
    return true;
  }

  async #refuse(error: unknown, { transport, context, verified }: Refusing): Promise<never> {
    const name = nameOfHandler(context.getClass(), context.getHandler());
    const exception = await toException(error, {
      transport: transport ?? unknownTransport(context),
      options: this.options,
      name,
      verified,
    });
    throw await settleRejectedMessage(exception, context, { options: this.options, name });
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
      if (allowed !== true) throw this.verifier.createAccessDeniedError('This is not allowed');
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
