import { beforeEach, vi } from 'vitest';
import {
  type IdleOptions,
  type IdleSession,
  limitIdleTime,
} from '../../../src/browser/features/limit-idle-time.ts';
import type { BrowserAuthSettings } from '../../../src/browser/options.ts';
import { advanceClock, events, origin, type Page, provider, time } from './browser-page.ts';

let target: EventTarget;
let sharedItems: Map<string, string>;

beforeEach(() => {
  target = new EventTarget();
  sharedItems = new Map();
  vi.stubGlobal('addEventListener', target.addEventListener.bind(target));
  vi.stubGlobal('removeEventListener', target.removeEventListener.bind(target));
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => sharedItems.get(name) ?? null,
    setItem: (name: string, value: string) => void sharedItems.set(name, value),
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

/** Dispatches an event of the page. */
export const dispatch = (name: string) => target.dispatchEvent(new Event(name));

/** Adds the idle time to the client of a page. */
export function limit(page: Page, options: Partial<BrowserAuthSettings & IdleOptions> = {}): IdleSession {
  return limitIdleTime(page.auth, {
    issuer: provider.issuer,
    clientId: 'spa',
    redirectUri: `${origin}/callback`,
    now: () => time,
    onEvent: (event) => events.push(event),
    warnAfter: 100,
    endAfter: 200,
    ...options,
  });
}

/** Advances the time of an open page, whose timers run. */
export function pass(seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    advanceClock(1);
    vi.advanceTimersByTime(1000);
  }
}
