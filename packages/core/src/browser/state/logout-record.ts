import type { BrowserContext } from '../options.ts';

// A page that loads during a logout in another tab receives no message of it. Nor does a page that the browser had unloaded
// to save memory, and whose `sessionStorage` still has the tokens. Without `localStorage` only messages report a logout.

const createName = ({ prefix }: BrowserContext) => `${prefix}logout`;

/** Returns the time of the last logout in all tabs, in milliseconds since the epoch; -1 if there is none. */
export function readLogoutTime(context: BrowserContext): number {
  try {
    const time = Number(localStorage.getItem(createName(context)) ?? -1);
    return Number.isSafeInteger(time) ? time : -1;
  } catch {
    return -1;
  }
}

export function saveLogoutTime(context: BrowserContext, time: number): void {
  try {
    localStorage.setItem(createName(context), String(time));
  } catch {
    // Denied or full.
  }
}
