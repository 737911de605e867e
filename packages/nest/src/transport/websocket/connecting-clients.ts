import { connectedClients, connectingClients } from '../../module-state.ts';
import { addCloseListener, callCloseListeners } from '../close-listeners.ts';
import type { NamespaceClient } from '../transport.ts';

/** Whether a middleware (`server.use()`) has the client, which socket.io connects afterwards. */
export const isConnecting = (client: Partial<NamespaceClient>): boolean =>
  client.connected === false && client.conn?.readyState === 'open' && !connectedClients.has(client);

/**
 * Calls a function when a client disconnects. A client that is not connected yet emits no event, so its connection does.
 * The clients of a connection share one listener.
 */
export function addDisconnectListener(client: NamespaceClient, listener: () => void): void {
  addCloseListener(client, listener, 'disconnect');
  const { conn } = client;
  if (!conn || !isConnecting(client)) return;
  const clients = connectingClients.get(conn) ?? new Set();
  connectingClients.set(conn, clients);
  if (clients.has(client)) return;
  endRejectedClients(clients);
  clients.add(client);
  const removeListener = addCloseListener(conn, () => callCloseListeners(client));
  const remove = () => {
    clients.delete(client);
    removeListener();
  };
  addCloseListener(client, remove, 'disconnect');
}

/**
 * Ends clients that a middleware has rejected: they emit no event, and their connection can connect others. It checks two
 * of them for each one that is added, so that the work and the memory for a connection are limited.
 */
function endRejectedClients(clients: Set<NamespaceClient>): void {
  for (let i = 0; i < 2; i++) {
    const [client] = clients;
    if (!client) return;
    clients.delete(client);
    if (client.connected) continue;
    if (isRejected(client)) callCloseListeners(client);
    else clients.add(client);
  }
}

/** The private property exists in all supported versions. Without it, a client ends with its connection. */
const isRejected = ({ id, nsp }: NamespaceClient): boolean => nsp?._preConnectSockets?.has(id) === false;
