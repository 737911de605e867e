/** Creates a `Storage` object whose items are in a map. Its own keys are the names of its items, as in a browser. */
export function createStorageArea(items: Map<string, string>): object {
  const methods = {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
    removeItem: (name: string) => void items.delete(name),
  };
  return new Proxy(methods, {
    ownKeys: () => [...items.keys()],
    getOwnPropertyDescriptor: (_, name) =>
      typeof name === 'string' && items.has(name)
        ? { value: items.get(name), enumerable: true, configurable: true, writable: true }
        : undefined,
  });
}
