import type { BrowserContext } from '../options.ts';

// A page that receives a login may hand over to another page of the origin, which restores it. If that page cannot, it starts
// the next login, and the next callback would hand over again, in a loop. The record of this tab allows one hand-over until a
// page has restored a login.

const createName = ({ prefix }: BrowserContext) => `${prefix}handed over`;

/** @returns false if there was a hand-over after the last restored login, or this tab cannot record it */
export function recordHandOver(context: BrowserContext): boolean {
  const { tabItems } = context;
  const name = createName(context);
  return tabItems.get(name) === undefined && tabItems.set(name, '1');
}

export function deleteHandOver(context: BrowserContext): void {
  context.tabItems.remove(createName(context));
}
