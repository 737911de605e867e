import type { BrowserContext } from '../options.ts';

// A page that receives a login may be replaced with another page of the origin, which restores the login. If that page
// cannot, it starts the next login, and the next callback would replace the page again, in a loop. The record of this tab
// allows one replacement until a page has restored a login.

const createName = ({ prefix }: BrowserContext) => `${prefix}page replaced`;

/** @returns false if a page was replaced after the last restored login, or this tab cannot record it */
export function recordPageReplacement(context: BrowserContext): boolean {
  const { tabItems } = context;
  const name = createName(context);
  return tabItems.get(name) === undefined && tabItems.set(name, '1');
}

export function deletePageReplacement(context: BrowserContext): void {
  context.tabItems.remove(createName(context));
}
