// Binds the context of a GraphQL operation to its request. The driver of Nest may write the request of one operation into
// an object that the application returns for others as well.

import { ConfigurationError } from '@countersign/core/resource-server';
import { contextUses, operationsByRequest } from '../../module-state.ts';

/** The property of a context that identifies its request. Apollo and Mercurius copy contexts, and keep it. */
const operationKey: unique symbol = Symbol('countersign.operation');

/** The part of a GraphQL context that links to its request. */
interface OperationContext {
  [operationKey]?: object;
  readonly req?: unknown;
  /** Of Mercurius, for an operation over HTTP. */
  readonly reply?: { readonly request?: object } | undefined;
}

/** A request of Express, Fastify or Node, or the connection of `graphql-ws`. */
interface Source {
  /** Node's request, on a request of Fastify. */
  readonly raw?: object;
  /** Of a connection: contains its upgrade request. */
  readonly extra?: { readonly request?: object };
}

/**
 * Binds a context to the request for which the application has returned it.
 *
 * @param args the arguments with which the library has called the function of the option `context`
 * @returns the context, or a copy of it if the context is of another request
 */
export function bindToRequest(context: unknown, args: readonly unknown[]): unknown {
  const source = findSource(args);
  if (!source || !isObject(context)) return context;
  const operation = getOperation(source);
  const first = contextUses.get(context);
  if (first?.operation === operation) return context;
  const hasRequest = isObject((context as OperationContext).req);
  const keys = Reflect.ownKeys(context);
  if (!first) {
    contextUses.set(context, { operation, keys: new Set(keys.filter((key) => key !== 'req' || hasRequest)) });
    if (setOperation(context, operation)) return context;
  }
  // Drivers and Nest have written these into the object for the first operation: its request, its request-scoped providers.
  const omittedKeys = keys.filter(
    (key) => (typeof key === 'symbol' || key === 'req') && first && !first.keys.has(key),
  );
  return Object.assign(copyObject(context, omittedKeys), { [operationKey]: operation });
}

/** Returns false for an object that accepts no further property: a frozen one, or a proxy. */
function setOperation(context: object, operation: object): boolean {
  try {
    return Reflect.set(context, operationKey, operation);
  } catch {
    return false;
  }
}

/** Copies the properties of an object, without reading those that are computed. */
export function copyObject(object: object, omittedKeys: readonly PropertyKey[] = []): object {
  const properties = Object.getOwnPropertyDescriptors(object);
  for (const key of omittedKeys) Reflect.deleteProperty(properties, key);
  return Object.create(Object.getPrototypeOf(object) as object | null, properties) as object;
}

/**
 * Checks that the request in a context is that of its operation. Another one has the credential of another user.
 *
 * @throws ConfigurationError `invalid_option`
 */
export function checkOperation(context: object, request: object): void {
  const { [operationKey]: boundOperation, reply } = context as OperationContext;
  const operation = boundOperation ?? (reply?.request && findOperation(reply.request));
  const owner = operation && findOperation(request);
  if (!owner || owner === operation) return;
  throw new ConfigurationError(
    'invalid_option',
    'The context of a GraphQL operation contains the request of another operation. Let the function of the option ' +
      '"context" of GraphQLModule return a new object for each operation, with the request of its arguments',
  );
}

/** Finds the request or connection in the arguments of the option `context`. */
function findSource(args: readonly unknown[]): Source | undefined {
  const [first] = args as readonly ({ readonly req?: unknown } | undefined)[];
  return [first?.req, ...args].find(
    (each): each is Source => isObject(each) && ('headers' in each || 'extra' in each),
  );
}

/** Gets the object that identifies the operations of one request or connection. */
function getOperation(source: Source): object {
  const knownOperation = findOperation(source);
  if (knownOperation) return knownOperation;
  const operation = Object.freeze({});
  operationsByRequest.set(source.raw ?? source, operation);
  if (source.extra?.request) operationsByRequest.set(source.extra.request, operation);
  return operation;
}

const findOperation = (source: Source): object | undefined => operationsByRequest.get(source.raw ?? source);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
