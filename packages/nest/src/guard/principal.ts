import type { AuthenticatedRequest, VerifiedAccessToken } from '@countersign/core/resource-server';
import { type ArgumentsHost, type ExecutionContext, Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { getAccessPolicy } from '../access/resolve-access.ts';
import {
  findAuthenticatedRequest,
  findDecision,
  findDeniedRequest,
  findInheritedDecision,
} from '../memo/guard-memo.ts';
import { findTransport } from '../transport/find-transport.ts';
import { checkOperation } from '../transport/graphql/graphql-operation.ts';

/**
 * Gets the principal of a request, for interceptors, pipes, filters, other guards, loggers and rate limits. Handlers use
 * `@Principal()`.
 *
 * It never throws and does not verify a token: it reads the result of the guard. In a filter it also returns the
 * principal of a request that the guard denied with 403.
 *
 * @param source the context of an interceptor, guard or filter, or the request itself. A request is that of Express or
 *   Fastify, the client of a gateway, or the context of GraphQL or of a message
 * @returns `undefined` for an anonymous or rejected request, for a `@Public()` handler, and before the guard has run
 * @see https://docs.nestjs.com/fundamentals/execution-context
 * @example
 * ```ts
 * @Injectable()
 * class AuditInterceptor implements NestInterceptor {
 *   intercept(context: ExecutionContext, next: CallHandler) {
 *     console.log(`${getPrincipal(context)?.sub ?? 'anonymous'} calls ${context.getHandler().name}`);
 *     return next.handle();
 *   }
 * }
 * ```
 */
export function getPrincipal(source: ArgumentsHost | object): VerifiedAccessToken | undefined {
  try {
    return (isHost(source) ? findInContext(source) : findInRequest(source))?.accessToken;
  } catch {
    // The request cannot be read, so the guard rejects it.
    return undefined;
  }
}

/**
 * Gets a key that identifies the principal of a request: one user or client of one issuer. Use it for rate limits and as
 * a part of cache keys. It contains no token, and is not secret.
 *
 * @param source as for {@link getPrincipal}
 * @returns `undefined` if the request has no principal
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability
 * @example
 * ```ts
 * class UserTracker {
 *   getTracker(request: { ip: string }) {
 *     return getPrincipalKey(request) ?? request.ip;
 *   }
 * }
 * ```
 */
export function getPrincipalKey(source: ArgumentsHost | object): string | undefined {
  const principal = getPrincipal(source);
  // JSON: a concatenation could be the same text for two principals.
  return principal && JSON.stringify([principal.issuer, principal.kind, principal.sub]);
}

const isHost = (source: object): source is ArgumentsHost =>
  typeof (source as Partial<ArgumentsHost>).getArgByIndex === 'function' &&
  typeof (source as Partial<ArgumentsHost>).getType === 'function';

function findInContext(host: ArgumentsHost | ExecutionContext): AuthenticatedRequest | undefined {
  const transport = findTransport(host);
  if (!transport) return undefined;
  const decision = findDecision(transport, host);
  if (decision) return decision.authenticatedRequest;
  if (isPublic(host)) return undefined;
  // Messages of different users can share the context of a message.
  if (transport.kind === 'rpc') return findDeniedRequest(transport, host);
  const inheritedDecision = findInheritedDecision(transport);
  if (inheritedDecision) return inheritedDecision.authenticatedRequest;
  return findAuthenticatedRequest(transport.requestKey);
}

function isPublic(host: ArgumentsHost | ExecutionContext): boolean {
  if (!('getHandler' in host)) return false;
  // The context of an exception filter has no handler.
  const handler = host.getHandler() as object | null | undefined;
  return Boolean(handler) && getAccessPolicy(handler as object, host.getClass()).mode === 'public';
}

/** The values that Nest injects as `REQUEST`, and that frameworks pass to their hooks. */
interface RequestLike {
  /** In the context of GraphQL. */
  readonly req?: object;
  /** In the context of Mercurius. */
  readonly reply?: { readonly request?: object };
  /** In the request of a microservice. */
  readonly context?: object;
  /** In the request of a microservice: the call of a `@GrpcStreamCall()`. */
  readonly data?: unknown;
}

function findInRequest(request: RequestLike): AuthenticatedRequest | undefined {
  for (const each of [request, request.req, request.reply?.request, request.context, request.data]) {
    if (typeof each !== 'object' || each === null) continue;
    checkOperation(request, each);
    const authenticatedRequest = findAuthenticatedRequest(each);
    if (authenticatedRequest) return authenticatedRequest;
  }
  return undefined;
}

/**
 * The principal of the current request, as a request-scoped provider. Nest creates such providers before its guards run,
 * so read `value` in a method and not in the constructor.
 *
 * @see https://docs.nestjs.com/fundamentals/injection-scopes
 * @example
 * ```ts
 * @Injectable({ scope: Scope.REQUEST })
 * class OrdersService {
 *   constructor(private readonly principal: CurrentPrincipal) {}
 *
 *   describe() {
 *     return `orders of ${this.principal.value?.sub}`;
 *   }
 * }
 * ```
 */
@Injectable({ scope: Scope.REQUEST })
export class CurrentPrincipal {
  readonly #request: object;

  constructor(@Inject(REQUEST) request: object) {
    this.#request = request;
  }

  /** The principal, or `undefined`, as `getPrincipal()` returns it. */
  get value(): VerifiedAccessToken | undefined {
    return getPrincipal(this.#request);
  }
}
