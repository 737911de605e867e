/** Maximum copies of the session cookie that one logout reads. A sibling host can plant many. */
const maxLogoutCopies = 32;

/** A copy of the session cookie, under one of its names. */
export interface LogoutCopy<T> {
  readonly wireName: string;
  readonly value: T;
}

/**
 * Selects the copies of the session cookie that a logout reads, in the order of the names. Equal copies count once.
 *
 * @param list lists the copies with a name
 * @param toId copies with the same ID are equal
 */
export function selectCopies<T>(
  wireNames: readonly string[],
  list: (wireName: string) => Iterable<T>,
  toId: (value: T) => string,
): {
  readonly copies: readonly LogoutCopy<T>[];
  /** True if there are more copies. */
  readonly isTruncated: boolean;
} {
  const copies = new Map<string, LogoutCopy<T>>();
  for (const wireName of wireNames) {
    for (const value of list(wireName)) {
      const id = toId(value);
      if (copies.has(id)) continue;
      if (copies.size === maxLogoutCopies) return { copies: [...copies.values()], isTruncated: true };
      copies.set(id, { wireName, value });
    }
  }
  return { copies: [...copies.values()], isTruncated: false };
}
