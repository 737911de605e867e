import { createLineLimit } from '@countersign/core/resource-server';
import type { ContextId } from '@nestjs/core';
import type { AccessPolicy } from './access/access-policy.ts';
import type { ServerWebSocket } from './transport/hold/hold-socket.ts';
import type { NodeRequest } from './transport/http/node-request.ts';
import type { NamespaceClient } from './transport/transport.ts';

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

/** The WebSockets of Mercurius that were found in the server of `@fastify/websocket`, by the socket of their connection. */
export const webSocketsBySocket = new WeakMap<object, ServerWebSocket>();

/** The limit of the log lines that requests cause. An application that starts begins with a new one. */
export const logLines = { limit: createLineLimit() };

/** The messages of all connections that wait until the token of their connection was verified. */
export const waitingMessages = { count: 0 };

/** The clients of socket.io that were connected. Before that, they look like disconnected ones. */
export const connectedClients = new WeakSet<object>();

/** The functions that are called when a connection closes, by connection. */
export const closeListeners = new WeakMap<object, CloseListeners>();

export interface CloseListeners {
  readonly listeners: Set<() => void>;
  /** Calls all functions once, and removes the listener of the connection. */
  readonly callAll: () => void;
  /** Removes the listener of the connection. */
  readonly stop: () => void;
}

/** The clients that middlewares of socket.io have, by the connection that they share. */
export const connectingClients = new WeakMap<object, Set<NamespaceClient>>();

/** The names of the subscriptions of GraphQL that their guards have allowed, by the context of the operation. */
export const startedSubscriptions = new WeakMap<object, Set<string>>();

/** The values that the streams of allowed subscriptions have emitted. Some libraries copy the context for each of them. */
export const subscriptionEvents = new WeakSet<object>();

/** The subscriptions of GraphQL whose stream has ended, by the position of their field, which each operation creates. */
export const endedSubscriptions = new WeakSet<object>();

/**
 * The objects that identify the fields of compiled queries of GraphQL: by context, by the variables of the execution, and
 * by the position of the field.
 */
export const compiledFields = new WeakMap<object, WeakMap<object, Map<string, object>>>();

/** The objects that identify the operations of GraphQL of one request or connection, by Node's request or the connection. */
export const operationsByRequest = new WeakMap<object, object>();

/** What is known about an object that the application has returned as the context of a GraphQL operation. */
export interface ContextUse {
  /** The first operations that have used it. */
  readonly operation: object;
  /** The properties that the application has set. */
  readonly keys: ReadonlySet<PropertyKey>;
}

/** The first use of each context of GraphQL. */
export const contextUses = new WeakMap<object, ContextUse>();

/** The set of guarded resolvers of the application that has guarded a schema last, by schema. */
export const schemaGuards = new WeakMap<object, SchemaGuard>();

/** What an application adds to the resolvers of GraphQL. */
export interface SchemaGuard {
  /** Nest's container of the application whose guard it is. `undefined` if it does not decide about requests. */
  readonly application?: object | undefined;
  /** Whether the application has begun to close. It may still have requests. */
  readonly isClosing: boolean;
  /** Whether the application has closed. */
  readonly isClosed: boolean;
}

/** A resolver of GraphQL that this package has replaced. */
export interface WrappedResolver {
  readonly resolver: (...args: unknown[]) => unknown;
  /** What has replaced it. */
  readonly guard: SchemaGuard;
}

/** The resolvers of GraphQL that this package has replaced, by the function that calls them. */
export const wrappedResolvers = new WeakMap<(...args: unknown[]) => unknown, WrappedResolver>();

/** Adds the checks of a guard to a connection while `isRunning()` is true. Rejects if the current token does not pass them. */
export type RunningCheck = (isRunning: () => boolean) => Promise<void>;

/** The checks of handlers of gateways that guards have allowed, by the arguments of the message. */
export const runningChecks = new WeakMap<object, RunningCheck[]>();

/** The connection hooks of gateways whose errors this package handles. */
export const handledHooks = new WeakSet<object>();

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
