import type { AuthenticatedRequest } from '@countersign/core/resource-server';
import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import type { Transport } from '../transport/transport.ts';
import { type Decision, KeptBeside } from './attached-memo.ts';

/** What a guard decided, and for whom. */
interface GuardDecision {
  readonly authenticator: object;
  readonly authenticated: AuthenticatedRequest | undefined;
}

/**
 * Records the decision of a guard for the handler that it guards. Of several guards the last one counts: the handler
 * runs only if all of them let it.
 */
export function recordDecision(
  transport: Transport,
  context: ExecutionContext,
  { authenticator, authenticated }: GuardDecision,
): void {
  const findings = KeptBeside.of(transport.invocation);
  const handler = context.getHandler();
  const owner = context.getClass();
  const message = context.getArgByIndex<unknown>(0);
  const previous = findDecision(findings.decisions, handler, owner);
  if (!previous) {
    const next = findings.decisions;
    findings.decisions = { handler, owner, authenticator, authenticated, message, shared: false, next };
    return;
  }
  // Nest makes a context for each message. A custom transport may not: then only the message itself says whose it is.
  if (previous.authenticator === authenticator && previous.authenticated?.token !== authenticated?.token)
    previous.shared = transport.kind === 'rpc';
  previous.authenticator = authenticator;
  previous.authenticated = authenticated;
  previous.message = message;
}

/** @returns `undefined` when no guard of this copy of the package has decided about the handler of the context */
export function ownDecision(
  transport: Transport,
  host: ArgumentsHost | ExecutionContext,
): Decision | undefined {
  const { handler, owner } = targetOf(host);
  const decisions = KeptBeside.get(transport.invocation)?.decisions;
  const own = handler ? findDecision(decisions, handler, owner) : onlyDecision(decisions);
  return own && isOfMessage(own, host.getArgByIndex(0)) ? own : undefined;
}

/** A field resolver without a guard of its own has the decision of the nearest field above it. */
export function inheritedDecision(transport: Transport): Decision | undefined {
  for (const field of transport.ancestors?.() ?? []) {
    const above = KeptBeside.get(field)?.decisions;
    if (above) return onlyDecision(above);
  }
  return undefined;
}

/** Handler and class; an exception filter gets a host that knows neither. */
function targetOf(host: ArgumentsHost | ExecutionContext): { handler?: object; owner?: object } {
  if (!('getHandler' in host)) return {};
  return { handler: host.getHandler() ?? undefined, owner: host.getClass() ?? undefined };
}

function findDecision(
  decisions: Decision | undefined,
  handler: object,
  owner: object | undefined,
): Decision | undefined {
  for (let each = decisions; each; each = each.next)
    if (each.handler === handler && each.owner === owner) return each;
  return undefined;
}

/** The decision where the handler is not known: one only, or several that agree. */
function onlyDecision(decisions: Decision | undefined): Decision | undefined {
  for (let each = decisions?.next; each; each = each.next)
    if (each.authenticated !== decisions?.authenticated) return undefined;
  return decisions;
}

/** Of messages that share a context, only the last one knows whose it is, by its data. */
const isOfMessage = ({ shared, message }: Decision, asked: unknown): boolean =>
  !shared || (message === asked && typeof asked === 'object' && asked !== null);
