import type { BrowserContext } from '../options.ts';

/** What tabs tell each other. No token is ever sent: each tab has its own, or they share a storage. */
export type TabMessage =
  | { readonly type: 'login'; readonly sub: string }
  | { readonly type: 'logout' }
  | { readonly type: 'refresh' }
  /** The login is over, without a logout: tabs that share the tokens show it. */
  | { readonly type: 'end' };

/** A channel to the other tabs of this origin; browsers deliver it within the origin alone. */
export function openTabs(
  { prefix }: BrowserContext,
  listener: (message: TabMessage) => void,
): { tell(message: TabMessage): void; close(): void } {
  let channel: BroadcastChannel | undefined;
  try {
    channel = new BroadcastChannel(prefix);
    channel.onmessage = ({ data }) => listener(data as TabMessage);
  } catch {
    // Missing, or denied to this page: then each tab is on its own.
  }
  return { tell: (message) => channel?.postMessage(message), close: () => channel?.close() };
}
