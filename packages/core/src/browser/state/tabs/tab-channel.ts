import { isDevelopment } from '../../../internal/development.ts';
import type { BrowserContext } from '../../options.ts';

/** A message between tabs. It never contains a token: tabs share a storage, or each has its own tokens. */
export type TabMessage =
  /** `startedAt`: when the login began, in milliseconds since the epoch. */
  | { readonly type: 'login'; readonly sub: string; readonly startedAt: number }
  /** `time`: milliseconds since the epoch. Each login that began earlier has ended. */
  | { readonly type: 'logout'; readonly time: number }
  /** The tokens were replaced without a visible login. Tabs with the same storage update their snapshots. */
  | { readonly type: 'refresh' }
  /** The login has ended without a logout. Tabs with the same storage update their snapshots. */
  | { readonly type: 'end' };

export interface TabChannel {
  send(message: TabMessage): void;
  close(): void;
}

/** Opens a channel to the other tabs of this origin. Browsers deliver messages within the origin only. */
export function openTabChannel(
  { prefix, reportMissing }: BrowserContext,
  listener: (message: TabMessage) => void,
): TabChannel {
  let channel: BroadcastChannel | undefined;
  try {
    channel = new BroadcastChannel(prefix);
    channel.onmessage = ({ data }) => listener(data as TabMessage);
  } catch {
    reportMissing(
      'BroadcastChannel',
      isDevelopment
        ? 'Tabs do not exchange messages. A logout in another tab is noticed at the next request, or when the page receives the focus.'
        : '',
    );
  }
  return {
    send(message) {
      try {
        channel?.postMessage(message);
      } catch {
        // The channel was closed. The result of the operation does not depend on other tabs.
      }
    },
    close: () => channel?.close(),
  };
}
