import { deepFreeze, type JsonObject } from '../../internal/json/json.ts';

const maxHeaders = 50;
const maxHeaderLength = 300;

// Shared by all verifiers of the process: parsing depends on the text alone.
const headers = new Map<string, JsonObject>();

/** Finds the parsed, frozen header for an encoded one. Tokens that are signed with one key usually share their header. */
export const findVerifiedHeader = (encodedHeader: string): JsonObject | undefined =>
  headers.get(encodedHeader);

/**
 * Stores the header of a token whose signature a key of a trusted issuer has verified. Anyone can invent other headers,
 * and they would displace those of valid tokens.
 */
export function storeVerifiedHeader({
  encodedHeader,
  header,
}: {
  readonly encodedHeader: string;
  readonly header: JsonObject;
}): void {
  if (encodedHeader.length > maxHeaderLength || headers.has(encodedHeader)) return;
  const [oldest] = headers.keys();
  if (headers.size >= maxHeaders && oldest !== undefined) headers.delete(oldest);
  headers.set(encodedHeader, deepFreeze(header));
}
