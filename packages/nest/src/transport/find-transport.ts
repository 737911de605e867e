import type { ArgumentsHost } from '@nestjs/common';
import { graphqlTransport } from './graphql.ts';
import { HttpTransport } from './http.ts';
import { type RpcCredentials, rpcCredentials, rpcTransport } from './rpc.ts';
import type { Transport } from './transport.ts';
import { websocketTransport } from './websocket.ts';

/** Finds the transport of a context; `undefined` for one that is not known, and then nobody is let in. */
export function transportOf(
  host: ArgumentsHost,
  credentials: RpcCredentials = rpcCredentials,
): Transport | undefined {
  switch (host.getType<string>()) {
    case 'http':
      return new HttpTransport(host.getArgByIndex(0), host.getArgByIndex(1));
    case 'graphql':
      return graphqlTransport(host);
    case 'ws':
      return websocketTransport(host.getArgByIndex(0));
    case 'rpc':
      return rpcTransport(host, credentials);
    default:
      return undefined;
  }
}

/** Where a refusal goes when the context itself could not be read. */
export function unknownTransport(host: ArgumentsHost): Transport | undefined {
  try {
    const kind = host.getType<string>();
    if (kind !== 'ws' && kind !== 'rpc') return undefined;
    const carrier = {};
    return { kind, carrier, invocation: carrier, request: () => undefined };
  } catch {
    return undefined;
  }
}
