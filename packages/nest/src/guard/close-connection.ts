import { logUnexpectedError } from '../errors/unexpected-errors.ts';
import { endConnection } from '../memo/guard-memo.ts';
import type { Transport } from '../transport/transport.ts';
import { createCloser, terminateConnection } from '../transport/websocket/websocket-transport.ts';

export interface ConnectionClose {
  readonly transport: Transport | undefined;
  /** Returns the close code and the reason. */
  readonly describe: () => readonly [code: number, reason: string];
}

/** Closes the connection of a client of a gateway. It does not throw: Nest does not handle an exception of a connection hook. */
export function closeConnection(client: object, { transport, describe }: ConnectionClose): void {
  try {
    // A client can ignore the close frame and send further messages.
    if (typeof client === 'object' && client !== null) endConnection(client);
    (transport?.close ?? createCloser(client))(...describe());
  } catch (failure) {
    logUnexpectedError(failure, { name: 'Connection' });
    terminateConnection(client);
  }
}
