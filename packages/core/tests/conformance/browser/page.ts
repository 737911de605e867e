import { IDBFactory } from 'fake-indexeddb';
import { vi } from 'vitest';

/** Prepares a page for the client. Outside a browser, stubs the globals that the client uses. */
export function preparePage(href: string): void {
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

/** Lists the names of the client's entries in the storage of the tab. */
export const listStoredNames = () =>
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
  // The methods are inherited, as in a browser, so that Object.keys returns the names of the items.
  const items: Record<string, string> = Object.create(methods);
  return items as unknown as Storage;
}
