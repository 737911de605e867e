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
  vi.stubGlobal('indexedDB', createDatabases());
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

/** A store of keys that outlives nothing. */
function createDatabases(): unknown {
  const values = new Map<string, unknown>();
  const answer = (result: unknown) => {
    const request: { result: unknown; onsuccess?: () => void; onupgradeneeded?: () => void } = { result };
    queueMicrotask(() => {
      request.onupgradeneeded?.();
      request.onsuccess?.();
    });
    return request;
  };
  const store = {
    get: (name: string) => answer(values.get(name)),
    put(value: unknown, name: string) {
      values.set(name, value);
      return answer(name);
    },
  };
  const database = {
    createObjectStore: () => store,
    transaction: () => ({ objectStore: () => store }),
    close: () => {},
  };
  return { open: () => answer(database) };
}
