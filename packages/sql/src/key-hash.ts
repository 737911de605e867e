import { createHash } from 'node:crypto';

/**
 * Returns the hash that a table contains instead of a text: 43 characters. It has one length, and no collation of a database
 * compares two hashes as equal that differ in case or trailing spaces.
 */
export const hashKey = (...parts: readonly string[]): string =>
  createHash('sha256')
    .update(parts.length === 1 ? (parts[0] as string) : JSON.stringify(parts))
    .digest('base64url');
