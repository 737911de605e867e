import {
  type AccessTokenVerifier,
  type AuthenticatedRequest,
  ConfigurationError,
} from '@countersign/core/resource-server';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  type AccessPolicy,
  isParameterizedPolicy,
  isPolicyClass,
  type PolicyDeclaration,
  type PolicyFunction,
  type PolicyLeaf,
} from '../access/access-policy.ts';
import { evaluatePolicy } from '../access/policy-expression.ts';
import { findPolicyProvider } from '../access/policy-provider.ts';
import { getAccessPolicy } from '../access/resolve-access.ts';
import { getInnerVerifier } from '../errors/exception-verifier.ts';
import { toException } from '../errors/exceptions.ts';
import { settleRejectedMessage } from '../errors/messages/rejected-messages.ts';
import { toPolicyError } from '../errors/policy-errors.ts';
import { formatLogName } from '../errors/unexpected-errors.ts';
import { isStreamingHandler } from '../expiry/streaming-handlers.ts';
import type { GuardOptions } from '../guard-options.ts';
import { ACCESS_TOKEN_VERIFIER, GUARD_OPTIONS } from '../injection-tokens.ts';
import {
  beginMessage,
  type ConnectionState,
  findConnectionState,
  recordDecision,
  recordDenial,
} from '../memo/guard-memo.ts';
import { type RunningCheck, runningChecks } from '../module-state.ts';
import { createFallbackTransport, findTransport } from '../transport/find-transport.ts';
import type { Transport } from '../transport/transport.ts';
import { Authenticator } from './authenticator.ts';
import { createEndedError } from './connection-checks.ts';
import { waitForToken } from './waiting-messages.ts';

interface RejectOptions {
  readonly transport: Transport | undefined;
  readonly context: ExecutionContext;
  readonly isVerified: boolean;
}

/**
 * Allows a handler of HTTP, GraphQL, WebSocket gateways or microservices only with an access token that meets its
 * requirements. It denies a context of an unknown kind.
 *
 * `AuthModule` applies it to every handler of the application. With `globalGuard: false`, apply it with
 * `@UseGuards(AccessTokenGuard)`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-4
 * @example
 * ```ts
 * @UseGuards(AccessTokenGuard)
 * @Controller('partners')
 * class PartnersController {}
 * ```
 */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  // Not `#` fields: a class with decorators looks them up in a WeakMap at every request.
  private readonly verifier: AccessTokenVerifier;

  constructor(
    @Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(GUARD_OPTIONS) private readonly options: GuardOptions,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {
    this.verifier = getInnerVerifier(verifier);
    // With two verifiers, one would verify a token and the other would decide what it allows.
    if (authenticator.verifier !== this.verifier)
      throw new ConfigurationError(
        'invalid_option',
        'AccessTokenGuard received its verifier and its Authenticator from two modules. Import AuthModule.forRoot() in the module that uses the guard, and do not provide ACCESS_TOKEN_VERIFIER there',
      );
  }

  /**
   * Decides about one request, operation or message. Every exception rejects it.
   *
   * @throws AccessTokenException over HTTP and GraphQL, `WsException` in gateways and `RpcException` in microservices, if
   *   the credential is missing, rejected, or cannot be verified at the moment (503). An unexpected exception is logged
   *   and rejects with 401 `invalid_token`, or with 500 after the token was verified
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    let transport: Transport | undefined;
    try {
      const policy = getAccessPolicy(context.getHandler(), context.getClass());
      if (policy.mode === 'public') return this.#activatePublic(context);
      transport = findTransport(context, this.options.rpcCredentials);
      // An unknown context has no credential that could be verified.
      if (!transport) return false;
      if (transport.kind === 'rpc') beginMessage(transport, context);
      // Rejections too: a cache would return them to requests with a valid token.
      transport.setPrivateCaching?.();
      // Most requests have a token that was verified before, and are decided synchronously.
      const cachedRequest = this.authenticator.findCachedRequest(transport);
      if (cachedRequest && !policy.hasRequirements) return this.#accept(transport, context, cachedRequest);
      return this.#activate(policy, cachedRequest, { transport, context });
    } catch (error) {
      return this.#reject(error, { transport, context, isVerified: false });
    }
  }

  /** Allows a public handler, except over a connection that this package has rejected or closed. */
  #activatePublic(context: ExecutionContext): boolean | Promise<boolean> {
    const kind = context.getType<string>();
    if (kind !== 'graphql' && kind !== 'ws') return true;
    let transport: Transport | undefined;
    try {
      transport = findTransport(context, this.options.rpcCredentials);
      // A public field of GraphQL has no user: the fields below it have none either.
      if (transport && kind === 'graphql')
        recordDecision(transport, context, { authenticator: this, authenticatedRequest: undefined });
    } catch {
      // A public handler runs without a user, so an unreadable request does not matter.
    }
    const state = transport && findConnectionState(transport);
    return transport && (state?.isEnded || state?.admission)
      ? this.#activatePublicMessage(state, transport, context)
      : true;
  }

  async #activatePublicMessage(
    state: ConnectionState,
    transport: Transport,
    context: ExecutionContext,
  ): Promise<boolean> {
    await waitForToken(transport, state.admission);
    if (!state.isEnded) return true;
    return this.#reject(createEndedError(), { transport, context, isVerified: false });
  }

  async #activate(
    policy: AccessPolicy,
    cachedRequest: AuthenticatedRequest | undefined,
    { transport, context }: { readonly transport: Transport; readonly context: ExecutionContext },
  ): Promise<boolean> {
    let isVerified = cachedRequest !== undefined;
    try {
      const authenticatedRequest = cachedRequest ?? (await this.#authenticate(transport, policy));
      isVerified = true;
      if (authenticatedRequest && policy.hasRequirements) {
        const check = async (each: AuthenticatedRequest) => {
          this.verifier.authorize(each, policy.requirements);
          await this.#checkPolicies(policy.policies, each, context);
        };
        try {
          await check(authenticatedRequest);
        } catch (error) {
          if (transport.kind === 'rpc') recordDenial(transport, context, authenticatedRequest);
          throw error;
        }
        const start = async (isRunning: () => boolean) => {
          const renewedRequest = this.authenticator.addSubscription(transport, authenticatedRequest, {
            check,
            isRunning,
          });
          if (renewedRequest) await check(renewedRequest);
        };
        const isRunning = transport.trackSubscription?.();
        if (isRunning) await start(isRunning);
        else if (transport.kind === 'ws')
          addRunningCheck(context, async (isHandlerRunning) =>
            start(isHandlerRunning).catch((error: unknown) =>
              this.#reject(error, { transport, context, isVerified }),
            ),
          );
      }
      for (const [name, value] of Object.entries(authenticatedRequest?.headers ?? {}))
        transport.setHeader?.(name, value);
      return this.#accept(transport, context, authenticatedRequest);
    } catch (error) {
      return this.#reject(error, { transport, context, isVerified });
    }
  }

  async #authenticate(
    transport: Transport,
    { mode }: AccessPolicy,
  ): Promise<AuthenticatedRequest | undefined> {
    if (transport.close) await waitForToken(transport, findConnectionState(transport)?.admission);
    return mode === 'optional'
      ? this.authenticator.authenticateOptional(transport)
      : this.authenticator.authenticate(transport);
  }

  /** Records the user for the handler, and ends a streaming response with its token. */
  #accept(
    transport: Transport,
    context: ExecutionContext,
    authenticatedRequest: AuthenticatedRequest | undefined,
  ): true {
    recordDecision(transport, context, { authenticator: this.authenticator, authenticatedRequest });
    if (authenticatedRequest && !transport.close && isStreamingHandler(context.getHandler(), transport))
      this.authenticator.endWithToken(transport, authenticatedRequest);
    return true;
  }

  async #reject(error: unknown, { transport, context, isVerified }: RejectOptions): Promise<never> {
    const name = formatLogName(context.getClass(), context.getHandler());
    const exception = await toException(error, {
      transport: transport ?? createFallbackTransport(context),
      options: this.options,
      name,
      isVerified,
    });
    throw await settleRejectedMessage(exception, context, { options: this.options, name });
  }

  async #checkPolicies(
    policies: readonly PolicyDeclaration[],
    { accessToken }: AuthenticatedRequest,
    context: ExecutionContext,
  ): Promise<void> {
    let isAllowed: boolean;
    try {
      isAllowed = await evaluatePolicy<PolicyLeaf>({ all: policies }, async (policy) => {
        const { policy: type, parameters } = isParameterizedPolicy(policy)
          ? policy
          : { policy, parameters: undefined };
        if (!isPolicyClass(type)) return (type as PolicyFunction)(accessToken, context);
        const provider = await findPolicyProvider(type, this.modules, context);
        return provider.allows(accessToken, context, parameters as undefined);
      });
    } catch (error) {
      throw toPolicyError(error, { name: formatLogName(context.getClass(), context.getHandler()) });
    }
    if (!isAllowed) throw this.verifier.createAccessDeniedError('Access is denied');
  }
}

/** Adds a check that continues while the handler of a message runs, which starts after all guards have allowed it. */
function addRunningCheck(context: ExecutionContext, check: RunningCheck): void {
  const args = context.getArgs();
  runningChecks.set(args, [...(runningChecks.get(args) ?? []), check]);
}
