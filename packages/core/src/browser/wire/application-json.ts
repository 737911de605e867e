import { parseUntrustedObject, storedLimits } from '../../internal/json/untrusted-json.ts';

/** In a response, a session is nested deeper than in storage. */
const limits = { ...storedLimits, maxDepth: storedLimits.maxDepth + 8 };

/**
 * Parses a JSON object of the application's server, for example a configuration or a session, with limits on its length,
 * depth and count of values. For the adapters of this library.
 *
 * @throws ValidationError `response_malformed` if the text is not a JSON object, repeats a member or exceeds a limit
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-9
 * @example
 * ```ts
 * import { parseApplicationJson } from '@countersign/core/browser';
 *
 * const { issuer } = parseApplicationJson('{"issuer":"https://id.example.com"}');
 * ```
 */
export function parseApplicationJson(text: string): { [name: string]: unknown } {
  return parseUntrustedObject(text, { limits });
}
