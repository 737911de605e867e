// The memo of the guard. For a request or connection it stores which credential each verifier has verified, so that
// several guards verify it once. For a call of a handler it stores the decision of the last guard. `@Principal()` then
// returns the user of that guard, and never that of another verifier, handler or message. For a connection it stores
// whether it has closed and what it requires. Only this file reads and writes these records; each one exists as long as its object.

import type { AuthenticatedRequest } from '@countersign/core/resource-server';
import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import { isSameHolder } from '../expiry/end-with-token.ts';
import type { Transport } from '../transport/transport.ts';
import {
  AttachedMemo,
  type ConnectionState,
  type Decision,
  type Memo,
  type Verification,
} from './attached-memo.ts';

export type { ConnectionState, Decision, RunningSubscription, Verification } from './attached-memo.ts';

/** Finds the verification of an authenticator for a request or connection. */
export function findVerification({ requestKey }: Transport, authenticator: object): Verification | undefined {
  let each = AttachedMemo.find(requestKey)?.verifications;
  while (each && each.authenticator !== authenticator) each = each.next;
  return each;
}

/** Adds the verification of an authenticator for a request or connection. */
export function addVerification(
  { requestKey }: Transport,
  authenticator: object,
  pending: Verification['pending'],
): Verification {
  const memo = AttachedMemo.get(requestKey);
  memo.verifications = {
    authenticator,
    pending,
    authenticatedRequest: undefined,
    expiry: undefined,
    renewal: undefined,
    next: memo.verifications,
  };
  return memo.verifications;
}

/** Deletes the verification of an authenticator, and no other. */
export function deleteVerification({ requestKey }: Transport, authenticator: object): void {
  const memo = AttachedMemo.get(requestKey);
  if (memo.verifications?.authenticator === authenticator) memo.verifications = memo.verifications.next;
  for (let each = memo.verifications; each; each = each.next)
    if (each.next?.authenticator === authenticator) each.next = each.next.next;
}

const createConnectionState = (): ConnectionState => ({
  isClosed: false,
  isEnded: false,
  requirements: [],
  subscriptions: [],
  hasUnlistedSubscriptions: false,
  waitingMessages: new Map(),
  admission: undefined,
});

/**
 * Tracks whether a connection closes. Call it before a token is verified: a listener that is added afterwards misses an
 * earlier close. A connection has one listener, for any count of verifications.
 */
export function trackConnection({ requestKey, onClosed }: Transport): ConnectionState {
  const memo = AttachedMemo.get(requestKey);
  if (memo.connectionState) return memo.connectionState;
  const state = createConnectionState();
  memo.connectionState = state;
  onClosed?.(() => {
    state.isClosed = true;
  });
  return state;
}

/** Finds the state of a connection. `undefined` for a request, and for a connection without a verified message. */
export const findConnectionState = ({ requestKey }: Transport): ConnectionState | undefined =>
  AttachedMemo.find(requestKey)?.connectionState;

/** Records that this package closes a connection. */
export function endConnection(requestKey: object): void {
  const memo = AttachedMemo.get(requestKey);
  memo.connectionState ??= createConnectionState();
  memo.connectionState.isEnded = true;
}

/** Lets the messages of a connection wait until it has been accepted or closed. */
export function addAdmission(requestKey: object, pending: Promise<unknown>): void {
  const state = AttachedMemo.find(requestKey)?.connectionState;
  if (!state) return;
  const admission = Promise.allSettled([state.admission, pending]).then(() => {
    if (state.admission === admission) state.admission = undefined;
  });
  state.admission = admission;
}

/**
 * Records the decision of a guard for the handler that it guards. The decision of the last guard replaces the others:
 * the handler runs only if all of them allow it.
 */
export function recordDecision(
  transport: Transport,
  context: ExecutionContext,
  { authenticator, authenticatedRequest }: Pick<Decision, 'authenticator' | 'authenticatedRequest'>,
): void {
  const memo = AttachedMemo.get(transport.invocationKey);
  const handler = context.getHandler();
  const owner = context.getClass();
  const message = context.getArgByIndex<unknown>(0);
  const previous = findByHandler(memo.decisions, handler, owner);
  if (!previous) {
    const next = memo.decisions;
    memo.decisions = { handler, owner, authenticator, authenticatedRequest, message, isShared: false, next };
    return;
  }
  // Nest creates a context for each message. A custom transport may not; then only the payload identifies the message.
  if (
    previous.authenticator === authenticator &&
    previous.authenticatedRequest?.token !== authenticatedRequest?.token
  )
    previous.isShared = transport.kind === 'rpc';
  previous.authenticator = authenticator;
  previous.authenticatedRequest = authenticatedRequest;
  previous.message = message;
}

/**
 * Records that a guard begins to decide about a message. A custom transport may use one context for several messages. The
 * results of earlier messages then belong only to their own payload. Equal texts do not distinguish messages, and several
 * guards may allow one message; but a guard that begins after a denial decides about another message.
 */
export function beginMessage({ invocationKey }: Transport, context: ExecutionContext): void {
  const memo = AttachedMemo.find(invocationKey);
  if (!memo) return;
  const message = context.getArgByIndex<unknown>(0);
  if (memo.denial) memo.denial.isShared = true;
  for (let each = memo.decisions; each; each = each.next) if (each.message !== message) each.isShared = true;
}

/** Records the user of a message that the guard denies, for exception filters. */
export function recordDenial(
  { invocationKey }: Transport,
  context: ExecutionContext,
  authenticatedRequest: AuthenticatedRequest,
): void {
  const memo = AttachedMemo.get(invocationKey);
  const { token } = authenticatedRequest;
  const isShared =
    memo.denial !== undefined && (memo.denial.isShared || memo.denial.authenticatedRequest.token !== token);
  memo.denial = { authenticatedRequest, message: context.getArgByIndex<unknown>(0), isShared };
}

/** Finds the user of a message that the guard has denied. */
export function findDeniedRequest(
  transport: Transport,
  host: ArgumentsHost,
): AuthenticatedRequest | undefined {
  const denial = AttachedMemo.find(transport.invocationKey)?.denial;
  return denial && isForMessage(denial, transport, host.getArgByIndex(0))
    ? denial.authenticatedRequest
    : undefined;
}

/**
 * Finds the decision about the handler of the context.
 *
 * @returns `undefined` if no guard of this copy of the package has decided about it
 */
export function findDecision(
  transport: Transport,
  host: ArgumentsHost | ExecutionContext,
): Decision | undefined {
  const { handler, owner } = findHandler(host);
  const decisions = AttachedMemo.find(transport.invocationKey)?.decisions;
  const decision = handler ? findByHandler(decisions, handler, owner) : findOnlyDecision(decisions);
  return decision && isForMessage(decision, transport, host.getArgByIndex(0)) ? decision : undefined;
}

/** Finds the decision for a field resolver without a guard: that of the nearest field above it. */
export function findInheritedDecision({ ancestors }: Transport): Decision | undefined {
  for (const field of ancestors?.() ?? []) {
    const decisions = AttachedMemo.find(field)?.decisions;
    if (decisions) return findOnlyDecision(decisions);
  }
  return undefined;
}

/**
 * Finds the result for a request or connection itself, without a handler: the decision of its guards, or the credential
 * that was verified before a guard denied the request.
 *
 * @returns `undefined` if there is no result, or if guards of several verifiers found different users
 */
export function findAuthenticatedRequest(object: object): AuthenticatedRequest | undefined {
  const memo = AttachedMemo.find(object);
  if (memo?.connectionState && memo.verifications) return findCurrentRequest(memo);
  if (memo?.decisions) return findUnsharedDecision(memo.decisions)?.authenticatedRequest;
  for (let each = memo?.verifications?.next; each; each = each.next)
    if (each.authenticatedRequest !== memo?.verifications?.authenticatedRequest) return undefined;
  return memo?.verifications?.authenticatedRequest;
}

/**
 * Finds the current result of a connection. Its decisions are of several messages, and those before a renewal have the
 * previous token, but all have the same user.
 */
function findCurrentRequest({ verifications, decisions }: Memo): AuthenticatedRequest | undefined {
  const current = verifications?.authenticatedRequest;
  if (!current) return undefined;
  for (let each = verifications?.next; each; each = each.next)
    if (
      !each.authenticatedRequest ||
      !isSameHolder(each.authenticatedRequest.accessToken, current.accessToken)
    )
      return undefined;
  for (let each = decisions; each; each = each.next)
    if (
      each.authenticatedRequest &&
      !isSameHolder(each.authenticatedRequest.accessToken, current.accessToken)
    )
      return undefined;
  return current;
}

/** Lists the handlers that guards have decided about for one call or message. */
export function listDecidedHandlers(invocationKey: object): readonly object[] {
  const handlers: object[] = [];
  for (let each = AttachedMemo.find(invocationKey)?.decisions; each; each = each.next)
    handlers.push(each.handler);
  return handlers;
}

/** Finds handler and class. The host of an exception filter has neither. */
function findHandler(host: ArgumentsHost | ExecutionContext): { handler?: object; owner?: object } {
  if (!('getHandler' in host)) return {};
  return { handler: host.getHandler() ?? undefined, owner: host.getClass() ?? undefined };
}

function findByHandler(
  decisions: Decision | undefined,
  handler: object,
  owner: object | undefined,
): Decision | undefined {
  for (let each = decisions; each; each = each.next)
    if (each.handler === handler && each.owner === owner) return each;
  return undefined;
}

/** Finds the decision if the handler is unknown: the only one, or several with the same result. */
function findOnlyDecision(decisions: Decision | undefined): Decision | undefined {
  for (let each = decisions?.next; each; each = each.next)
    if (each.authenticatedRequest !== decisions?.authenticatedRequest) return undefined;
  return decisions;
}

/** Finds the decision if neither handler nor message is known. */
function findUnsharedDecision(decisions: Decision): Decision | undefined {
  const decision = findOnlyDecision(decisions);
  for (let each: Decision | undefined = decisions; each; each = each.next)
    if (each.isShared) return undefined;
  return decision;
}

/**
 * If several messages share a context, the decision belongs to the last one, identified by its payload. A message of a
 * microservice with an object is always identified: another message may be decided meanwhile.
 */
function isForMessage(
  { isShared, message }: Pick<Decision, 'isShared' | 'message'>,
  { kind }: Transport,
  payload: unknown,
): boolean {
  if (typeof payload === 'object' && payload !== null)
    return message === payload || (!isShared && kind !== 'rpc');
  return !isShared;
}
