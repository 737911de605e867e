import type { CookieToSet } from '@countersign/core/session';

/** The part of Next's `cookies()` that sets a cookie on the response. */
export interface CookieStore {
  set(name: string, value: string, attributes: Omit<CookieToSet, 'name' | 'value'>): unknown;
}

/**
 * Sets cookies through Next's `cookies()`, which keeps one line for each name. A response can set a cookie and delete one
 * with the same name at another domain, path or partition. White space at the end of a name makes it another name for
 * Next, and browsers remove it before they compare names.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-5.2
 */
export function setCookies(store: CookieStore, cookies: readonly CookieToSet[]): void {
  const counts = new Map<string, number>();
  // Code that reads `cookies()` afterwards finds the current value at the unchanged name.
  for (const { name, value, ...attributes } of [...cookies].sort((a, b) => b.maxAge - a.maxAge)) {
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    store.set(name + ' '.repeat(count), value, attributes);
  }
}
