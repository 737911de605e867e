/**
 * Adds a record with an expiry to a map whose size is limited.
 *
 * @param options `now`, `expiresAt`: in the same unit
 * @returns false if the map is full of records that have not expired
 */
export function reserveRecord(
  records: Map<string, number>,
  key: string,
  { now, expiresAt, limit }: { readonly now: number; readonly expiresAt: number; readonly limit: number },
): boolean {
  if (records.size >= limit && !records.has(key)) {
    for (const [each, until] of records) if (until <= now) records.delete(each);
    if (records.size >= limit) return false;
  }
  records.set(key, expiresAt);
  return true;
}
