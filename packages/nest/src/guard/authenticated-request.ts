import type { AuthenticatedRequest } from '@countersign/core/resource-server';
import { type ArgumentsHost, type ExecutionContext, InternalServerErrorException } from '@nestjs/common';
import { getAccessPolicy } from '../access/resolve-access.ts';
import { writeLogLine } from '../errors/limited-log.ts';
import { formatLogName } from '../errors/unexpected-errors.ts';
import { findDecision, findInheritedDecision } from '../memo/guard-memo.ts';
import { findTransport } from '../transport/find-transport.ts';

/**
 * Gets the request that the guard of a handler has authenticated: the last guard that allowed the handler, never the
 * guard of another handler.
 *
 * @returns `undefined` for an anonymous request of an optional or public handler
 * @throws InternalServerErrorException if no guard of this copy of the package has decided about the handler. Its user
 *   is unknown then, so a handler that injects the user must not run
 */
export function getAuthenticatedRequest(
  context: ArgumentsHost | ExecutionContext,
): AuthenticatedRequest | undefined {
  const transport = findTransport(context);
  const decision = transport && findDecision(transport, context);
  if (decision) return decision.authenticatedRequest;
  if (!('getHandler' in context)) return undefined;
  const [handler, owner] = [context.getHandler(), context.getClass()];
  // A public handler has no user, even if other guards have authenticated the same request.
  if (getAccessPolicy(handler, owner).mode === 'public') return undefined;
  const inheritedDecision = transport && findInheritedDecision(transport);
  if (inheritedDecision) return inheritedDecision.authenticatedRequest;
  const name = formatLogName(owner, handler);
  const text =
    `${name} injects the principal, but no AccessTokenGuard has decided about it. ` +
    'Apply the guard to it, and make sure that only one copy of @countersign/nest is installed.';
  writeLogLine('error', { kind: name, text });
  throw new InternalServerErrorException();
}
