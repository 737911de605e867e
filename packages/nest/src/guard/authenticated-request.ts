import type { AuthenticatedRequest } from '@countersign/core/resource-server';
import {
  type ArgumentsHost,
  type ExecutionContext,
  InternalServerErrorException,
  Logger,
} from '@nestjs/common';
import { accessPolicyOf } from '../access/access-policy.ts';
import { nameOfHandler } from '../errors/unexpected-errors.ts';
import { inheritedDecision, ownDecision } from '../memo/guard-memo.ts';
import { transportOf } from '../transport/find-transport.ts';

const logger = new Logger('AuthModule');

/**
 * What the guard of a handler has found: the last guard that let it run, never the guard of another handler.
 *
 * @returns `undefined` for an anonymous request of an optional or public handler
 * @throws InternalServerErrorException when no guard of this copy of the package has decided about the handler: then it
 *   is not known who is asking, and a handler that wants to know must not run
 */
export function authenticatedRequestOf(
  context: ArgumentsHost | ExecutionContext,
): AuthenticatedRequest | undefined {
  const transport = transportOf(context);
  const own = transport && ownDecision(transport, context);
  if (own) return own.authenticated;
  if (!('getHandler' in context)) return undefined;
  const [handler, owner] = [context.getHandler(), context.getClass()];
  // A public handler was not guarded, whatever the guards of others have found for the same request.
  if (accessPolicyOf(handler, owner).mode === 'public') return undefined;
  const inherited = transport && inheritedDecision(transport);
  if (inherited) return inherited.authenticated;
  const name = nameOfHandler(owner, handler);
  logger.error(
    `${name} asks for the principal, but no AccessTokenGuard has decided about it. Apply the guard to it, and make sure that one copy of @countersign/nest is installed.`,
  );
  throw new InternalServerErrorException();
}
