import type { ContextId } from '@nestjs/core';
import type { AccessPolicy } from './access/access-policy.ts';
import type { NodeRequest } from './transport/node-request.ts';

// All state of this package that is not part of an instance. Weak maps do not keep their keys alive.

/** The access policies of one handler. */
export interface HandlerPolicies {
  /** The first class that the policy was requested for. Most handlers belong to one class only. */
  readonly owner: object;
  readonly policy: AccessPolicy;
  /** The policies of other classes that inherit the handler. */
  readonly others: WeakMap<object, AccessPolicy>;
}

/** The computed access policies, by handler. */
export const policiesByHandler = new WeakMap<object, HandlerPolicies>();

/** Whether a handler responds with an event stream, by handler. */
export const streamingHandlers = new WeakMap<object, boolean>();

/** The upgrade request of a plain WebSocket, which does not expose it itself. */
export const handshakesByClient = new WeakMap<object, NodeRequest>();

/** The clients of socket.io that were connected. Before that, they look like disconnected ones. */
export const connectedClients = new WeakSet<object>();

/** The subscriptions of GraphQL whose stream has ended, by the position of their field, which each operation creates. */
export const endedSubscriptions = new WeakSet<object>();

/**
 * The objects that identify the fields of compiled queries of GraphQL: by context, by the variables of the execution, and
 * by the position of the field.
 */
export const compiledFields = new WeakMap<object, WeakMap<object, Map<string, object>>>();

/** The set of guarded resolvers of the application that has guarded a schema last, by schema. */
export const schemaGuards = new WeakMap<object, object>();

/** A resolver of GraphQL that this package has replaced. */
export interface WrappedResolver {
  readonly resolver: (...args: unknown[]) => unknown;
  /** Whether the application that has replaced it has closed. */
  readonly isClosed: () => boolean;
}

/** The resolvers of GraphQL that this package has replaced, by the function that calls them. */
export const wrappedResolvers = new WeakMap<(...args: unknown[]) => unknown, WrappedResolver>();

/** Adds the checks of a guard to a connection while `isRunning()` is true. Rejects if the current token does not pass them. */
export type RunningCheck = (isRunning: () => boolean) => Promise<void>;

/** The checks of handlers of gateways that guards have allowed, by the arguments of the message. */
export const runningChecks = new WeakMap<object, RunningCheck[]>();

/** The identifier of a request for which policies were resolved, by request or context of GraphQL. */
export const contextIds = new WeakMap<object, ContextId>();

/** The exceptions that `EntityAccess` has thrown. The filter of `@GrpcStreamCall()` ends the call for them. */
export const entityAccessErrors = new WeakSet<object>();

/** The paths at which metadata of resources is served, by HTTP adapter. */
export const metadataPaths = new WeakMap<object, Set<string>>();

const prototypesKey: unique symbol = Symbol.for('countersign.access.prototypes') as never;

/**
 * The prototypes whose methods have access decorators. All copies of this package in the process share the set, as they
 * share the declarations. Only decorators add to it, so its size depends on the code and not on requests.
 */
export function getDeclaredPrototypes(): Set<object> {
  const holder = globalThis as { [prototypesKey]?: Set<object> };
  holder[prototypesKey] ??= new Set();
  return holder[prototypesKey];
}
