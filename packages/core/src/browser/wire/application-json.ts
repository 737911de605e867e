import { parseUntrustedObject, storedLimits } from '../../internal/json/untrusted-json.ts';

/** A session inside its answer nests a little deeper than it does where it is stored. */
const limits = { ...storedLimits, maxDepth: storedLimits.maxDepth + 8 };

/**
 * Parses a JSON object that the application's own server sends, such as a configuration or a session, with limits on
 * its length, depth and number of values. For the adapters of this library.
 *
 * @throws ValidationError `response_malformed` when the text is no JSON object, repeats a member or exceeds a limit
 */
export function parseApplicationJson(text: string): { [name: string]: unknown } {
  return parseUntrustedObject(text, { limits });
}
