/** Small items of one tab, which also survive a redirect to the provider if the browser allows it. */
export interface TabItems {
  get(name: string): string | undefined;
  /** @returns false if the item is in memory only, and is lost when the page is left */
  set(name: string, value: string): boolean;
  remove(name: string): void;
  names(): readonly string[];
}

/**
 * Uses `sessionStorage`, or memory where the browser denies it: cookies blocked for the site, a sandboxed or foreign frame,
 * a full storage. Each access can throw, even the access to the object itself.
 */
export function createTabItems(): TabItems {
  const memory = new Map<string, string>();
  const access = <T>(run: (storage: Storage) => T): T | undefined => {
    try {
      return run(sessionStorage);
    } catch {
      return undefined;
    }
  };
  return {
    get: (name) => memory.get(name) ?? access((storage) => storage.getItem(name)) ?? undefined,
    set(name, value) {
      const isStored = access((storage) => {
        storage.setItem(name, value);
        return storage.getItem(name) === value;
      });
      if (isStored) memory.delete(name);
      else memory.set(name, value);
      return isStored === true;
    },
    remove(name) {
      memory.delete(name);
      access((storage) => storage.removeItem(name));
    },
    names: () => [...(access((storage) => Object.keys(storage)) ?? []), ...memory.keys()],
  };
}
