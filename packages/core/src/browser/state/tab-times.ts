import type { BrowserContext } from '../options.ts';

// A page that loads during a logout in another tab receives no message of it. Nor does a page that the browser had unloaded
// to save memory, and whose `sessionStorage` still has the tokens. Without `localStorage` only messages report a logout.
//
// A logout is later than each login before it, even if the clock was set back since: it reads the time of the last login.

type TimeName = 'login' | 'logout';

/** Returns the time of the last login or logout in all tabs, in milliseconds since the epoch; -1 if there is none. */
export function readTime({ prefix }: BrowserContext, name: TimeName): number {
  try {
    const time = Number(localStorage.getItem(prefix + name) ?? -1);
    return Number.isSafeInteger(time) ? time : -1;
  } catch {
    return -1;
  }
}

export function saveTime({ prefix }: BrowserContext, name: TimeName, time: number): void {
  try {
    localStorage.setItem(prefix + name, String(time));
  } catch {
    // Denied or full.
  }
}
