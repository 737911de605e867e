/**
 * A message between tabs: the user of a tab, as text; or an event. `extended`: the session expires later. `logout`: the
 * user has requested a logout.
 */
export type SessionMessage = string | { readonly type: 'extended' | 'logout' };

export const openSessionChannel = (): BroadcastChannel => new BroadcastChannel('countersign.session');

/** Sends a message to all tabs of the application, even from a component without `<AuthProvider>`. */
export function sendToTabs(message: SessionMessage): void {
  const channel = openSessionChannel();
  channel.postMessage(message);
  channel.close();
}
