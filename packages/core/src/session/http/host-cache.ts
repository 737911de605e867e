/** Values by host, bounded. */
export interface HostCache<T> {
  get(host: string): T | undefined;
  set(host: string, value: T): void;
  readonly size: number;
}

/** Hosts that were named more than once, and hosts that were named once, at most. */
const defaultLimits = { maxHosts: 1_000, maxNewHosts: 100 };

/**
 * Any client can name a host. So a host that is named for the first time can displace only another such host. Once it is
 * named again, it belongs to the hosts in use, of which the one that was not used for the longest time is removed.
 */
export function createHostCache<T>(limits: Partial<typeof defaultLimits> = {}): HostCache<T> {
  const { maxHosts, maxNewHosts } = { ...defaultLimits, ...limits };
  const inUse = new Map<string, T>();
  const isNew = new Map<string, T>();
  return {
    get(host) {
      const value = inUse.get(host) ?? isNew.get(host);
      if (value === undefined) return undefined;
      isNew.delete(host);
      inUse.delete(host);
      add(inUse, maxHosts, host, value);
      return value;
    },
    set: (host, value) => add(isNew, maxNewHosts, host, value),
    get size() {
      return inUse.size + isNew.size;
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
