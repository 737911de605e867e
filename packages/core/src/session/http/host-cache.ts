/** A cache by host with a limit. */
export interface HostCache<T> {
  get(host: string): T | undefined;
  set(host: string, value: T): void;
  readonly size: number;
}

/** Maximum counts of hosts that were requested repeatedly, and of hosts that were requested once. */
const defaultLimits = { maxHosts: 1_000, maxNewHosts: 100 };

/**
 * Any client can name any host. A host of a first request therefore evicts only other such hosts. From its second
 * request on, it counts as used; among used hosts the least recently used one is evicted.
 */
export function createHostCache<T>(limits: Partial<typeof defaultLimits> = {}): HostCache<T> {
  const { maxHosts, maxNewHosts } = { ...defaultLimits, ...limits };
  const usedHosts = new Map<string, T>();
  const newHosts = new Map<string, T>();
  return {
    get(host) {
      const value = usedHosts.get(host) ?? newHosts.get(host);
      if (value === undefined) return undefined;
      newHosts.delete(host);
      usedHosts.delete(host);
      add(usedHosts, maxHosts, host, value);
      return value;
    },
    set: (host, value) => add(newHosts, maxNewHosts, host, value),
    get size() {
      return usedHosts.size + newHosts.size;
    },
  };
}

function add<T>(map: Map<string, T>, limit: number, host: string, value: T): void {
  map.set(host, value);
  for (const oldest of map.keys()) {
    if (map.size <= limit) break;
    map.delete(oldest);
  }
}
