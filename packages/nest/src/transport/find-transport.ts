import type { ArgumentsHost } from '@nestjs/common';
import { createGraphqlTransport } from './graphql/graphql-transport.ts';
import { HttpTransport } from './http/http-transport.ts';
import { createRpcTransport, type RpcCredentials, rpcCredentials } from './rpc-transport.ts';
import type { Transport } from './transport.ts';
import { createWebSocketTransport } from './websocket/websocket-transport.ts';

/** Finds the transport of a context. Returns `undefined` for an unknown kind of context; then access is denied. */
export function findTransport(
  host: ArgumentsHost,
  credentials: RpcCredentials = rpcCredentials,
): Transport | undefined {
  switch (host.getType<string>()) {
    case 'http':
      return new HttpTransport(host.getArgByIndex(0), host.getArgByIndex(1));
    case 'graphql':
      return createGraphqlTransport(host);
    case 'ws':
      return createWebSocketTransport(host.getArgByIndex(0));
    case 'rpc':
      return createRpcTransport(host, credentials);
    default:
      return undefined;
  }
}

/** Creates the transport of a message whose context cannot be read, so that its rejection has the right form. */
export function createFallbackTransport(host: ArgumentsHost): Transport | undefined {
  try {
    const kind = host.getType<string>();
    if (kind !== 'ws' && kind !== 'rpc') return undefined;
    const key = {};
    return { kind, requestKey: key, invocationKey: key, request: () => undefined };
  } catch {
    return undefined;
  }
}
