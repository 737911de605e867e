import type { JsonObject } from '../../internal/json/json.ts';

const maxHeaders = 50;
const maxHeaderLength = 300;

// Shared by all verifiers of the process: parsing depends on the text alone.
const headers = new Map<string, JsonObject>();

/** Finds the parsed, frozen header for an encoded one. Tokens that are signed with one key usually share their header. */
export const findParsedHeader = (encodedPart: string): JsonObject | undefined => headers.get(encodedPart);

export function storeParsedHeader(encodedPart: string, header: JsonObject): void {
  // A DPoP proof contains its own key, so that its header is rarely repeated.
  if (header.jwk !== undefined || encodedPart.length > maxHeaderLength) return;
  if (headers.size >= maxHeaders) headers.clear();
  headers.set(encodedPart, header);
}
