import { IDBFactory } from 'fake-indexeddb';
import { vi } from 'vitest';

/** A page for the client: a browser's own where the suite runs in one, else as much of it as the client asks for. */
export function showPage(href: string): void {
  if (typeof document !== 'undefined') {
    sessionStorage.clear();
    return;
  }
  vi.stubGlobal('window', { name: '' });
  vi.stubGlobal('location', new URL(href));
  vi.stubGlobal('history', { state: null, replaceState: () => {} });
  vi.stubGlobal('sessionStorage', createStorage());
  vi.stubGlobal('indexedDB', new IDBFactory());
}

/** What is in the tab's storage of a client. */
export const storedNames = () =>
  Object.keys(sessionStorage).filter((name) => name.startsWith('countersign '));

function createStorage(): Storage {
  const methods = {
    getItem: (name: string) => (Object.hasOwn(items, name) ? items[name] : null),
    setItem(name: string, value: string) {
      items[name] = value;
    },
    removeItem(name: string) {
      delete items[name];
    },
  };
  // The methods are inherited, as in a browser: the own names are those of the items.
  const items: Record<string, string> = Object.create(methods);
  return items as unknown as Storage;
}
