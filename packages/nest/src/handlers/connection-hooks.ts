import { AccessTokenError } from '@countersign/core/resource-server';
import { HttpException, Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { writeLogLine } from '../errors/limited-log.ts';
import { describeError, isInstance, isRejection } from '../errors/unexpected-errors.ts';
import {
  closeForbidden,
  closePolicyViolation,
  closeTryAgainLater,
  closeUnauthenticated,
} from '../expiry/close-codes.ts';
import { closeConnection } from '../guard/close-connection.ts';
import { entityAccessErrors, handledHooks } from '../module-state.ts';
import { nestMetadata } from '../nest-metadata.ts';
import { type NodeRequest, toResourceRequest } from '../transport/http/node-request.ts';
import type { Transport } from '../transport/transport.ts';
import { createWebSocketTransport } from '../transport/websocket/websocket-transport.ts';
import { formatHandlerName } from './handler.ts';
import { listModuleClasses, type ModuleClass } from './module-classes.ts';

/** The hooks that clients cause. An error of `afterInit` is one of the start, which the process does not survive. */
const clientHooks = ['handleConnection', 'handleDisconnect'] as const;

type Hook = (...args: unknown[]) => unknown;

interface HookCall {
  readonly hookName: (typeof clientHooks)[number];
  /** The name of the hook in the log. */
  readonly name: string;
  readonly args: readonly unknown[];
}

/**
 * Handles the errors of the connection hooks of every gateway. Nest ignores the result of a hook, so that its exception or
 * rejection ends the process, and a client with a token without a scope can cause it.
 *
 * Nest reads the hooks of the instances before it calls `onModuleInit`, and those of a request-scoped gateway for each
 * connection. So the hooks are replaced when Nest gets an instance from its container. The class does not change: an
 * override that calls `super.handleConnection()` receives its errors.
 */
@Injectable()
export class ConnectionHookInstaller {
  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    for (const each of listModuleClasses(modules)) {
      // Nest does not create a gateway from a factory or a value.
      if (each.isProduced || Reflect.getMetadata(nestMetadata.gateway, each.type) !== true) continue;
      watchInstances(each);
    }
  }
}

function watchInstances({ type, wrapper }: ModuleClass): void {
  const getHost = wrapper.getInstanceByContextId;
  wrapper.getInstanceByContextId = (...args) => {
    const host = getHost.apply(wrapper, args);
    const instance: unknown = host.instance;
    if (host.isResolved && typeof instance === 'object' && instance !== null) replaceHooks(instance, type);
    return host;
  };
}

function replaceHooks(instance: object, owner: ModuleClass['type']): void {
  for (const hookName of clientHooks) {
    const hook = (instance as Partial<Record<string, unknown>>)[hookName];
    if (typeof hook !== 'function' || handledHooks.has(hook)) continue;
    const name = formatHandlerName({ owner, methodName: hookName });
    const handledHook = createHandledHook(hook as Hook, { hookName, name });
    handledHooks.add(handledHook);
    const enumerable = Object.prototype.propertyIsEnumerable.call(instance, hookName);
    // An instance that cannot be changed keeps its hook.
    Reflect.defineProperty(instance, hookName, {
      value: handledHook,
      enumerable,
      configurable: true,
      writable: true,
    });
  }
}

/** Creates a function that differs from the hook only if the hook fails. A proxy keeps its name, length and properties. */
function createHandledHook(hook: Hook, location: Omit<HookCall, 'args'>): Hook {
  return new Proxy(hook, {
    apply(target, self, args: unknown[]) {
      const handleError = (error: unknown) => handleHookError(error, { ...location, args });
      try {
        const result: unknown = Reflect.apply(target, self, args);
        // `then` of another object may begin an operation, for example a query.
        return result instanceof Promise ? result.then(undefined, handleError) : result;
      } catch (error) {
        handleError(error);
        return undefined;
      }
    },
  });
}

function handleHookError(error: unknown, { hookName, name, args }: HookCall): void {
  const [client, request] = args;
  const isConnecting = hookName === 'handleConnection' && typeof client === 'object' && client !== null;
  const transport = findClientTransport(client);
  const status = readStatus(error);
  const [code, reason] = describeClose(error, status);
  // `EntityAccess` has logged its unexpected errors and outages.
  const isLogged =
    typeof error === 'object' && error !== null && status >= 500 && entityAccessErrors.has(error);
  if (!isLogged) {
    const { text, stack, type } = describeError(error, transport && addHandshake(transport, request));
    const isExpected = isRejection(error) || code !== closeTryAgainLater;
    writeLogLine(isExpected ? 'warn' : 'error', {
      kind: `${name} ${type}`,
      text: `${name}: ${isConnecting ? `closed the connection with code ${code}, because the hook` : 'the hook'} threw ${text}`,
      stack: isExpected ? undefined : stack,
    });
  }
  if (isConnecting) closeConnection(client, { transport, describe: () => [code, reason] });
}

/** Reads the status of a rejection or of an exception of Nest. 500 for every other value. */
function readStatus(error: unknown): number {
  try {
    if (isInstance(error, AccessTokenError)) return error.status;
    if (isInstance(error, HttpException)) return error.getStatus();
    // An exception of `@nestjs/websockets`, for example of `renew()`. The package is optional.
    const { statusCode } = (error as { getError: () => { statusCode?: unknown } }).getError();
    return typeof statusCode === 'number' ? statusCode : 500;
  } catch {
    // Not an exception of Nest, or one that cannot be read.
    return isRejection(error) ? 503 : 500;
  }
}

function describeClose(error: unknown, status: number): readonly [code: number, reason: string] {
  const isTokenError = isInstance(error, AccessTokenError);
  if (status === 403) return [closeForbidden, readMessage(error, 'Access is denied')];
  if (status === 401 || (isTokenError && status < 500))
    return [closeUnauthenticated, readMessage(error, 'Authentication is required')];
  if (status < 500) return [closePolicyViolation, readMessage(error, 'The connection is rejected')];
  return [closeTryAgainLater, 'Try again later'];
}

/** Reads the message of an exception that is intended for the client. */
function readMessage(error: unknown, substitute: string): string {
  try {
    const { message } = error as { message?: unknown };
    return typeof message === 'string' ? message : substitute;
  } catch {
    return substitute;
  }
}

function findClientTransport(client: unknown): Transport | undefined {
  try {
    return createWebSocketTransport(client);
  } catch {
    // The connection can be closed without it.
    return undefined;
  }
}

/** A hook that does not call `authenticate()` leaves no handshake. The log must not contain its credentials. */
const addHandshake = (transport: Transport, request: unknown): Transport => ({
  ...transport,
  request: () => transport.request() ?? toResourceRequest(request as NodeRequest),
});
