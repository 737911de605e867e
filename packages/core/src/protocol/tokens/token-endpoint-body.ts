import { ValidationError } from '../../errors.ts';
import { isFormText } from '../../internal/form-text.ts';
import { isJsonObject, type JsonObject, removeNullMembers } from '../../internal/json/json.ts';
import { takeRejectedText } from '../../internal/json/rejected-text.ts';
import { parseUntrustedJson } from '../../internal/json/untrusted-json.ts';

/** Members of a token response that count as absent if they are empty or blank. An empty `scope` grants no scope. */
const absentIfEmpty = ['refresh_token', 'id_token', 'expires_in', 'token_type'];

/** Maximum count of fields of a form-encoded response. */
const maxFields = 50;

/**
 * Reads the body of a token endpoint response. Servers send JSON with other content types, and some older OAuth 2 servers
 * send form-encoded bodies, so the content decides.
 *
 * @returns `undefined` if the body is neither a JSON object nor form-encoded
 * @throws ValidationError `response_malformed` if the JSON exceeds a limit, or if that of a successful response is malformed
 *   or repeats a member
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5
 */
export function parseTokenEndpointBody(text: string, status: number): JsonObject | undefined {
  const trimmedText = text.replace(/^\ufeff/, '').trim();
  if (!trimmedText.startsWith('{')) return parseForm(trimmedText);
  try {
    const value = parseUntrustedJson(trimmedText);
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    // The status of an error response is known, even if its body is ambiguous or malformed.
    const isMalformed = error instanceof ValidationError && error.check === 'json';
    if (status >= 400) takeRejectedText(error);
    if (status >= 400 && isMalformed) return undefined;
    throw error;
  }
}

/** Parses `name=value` pairs without white space. A repeated name has an object of its values, which is not a valid member. */
function parseForm(text: string): JsonObject | undefined {
  if (!isFormText(text)) return undefined;
  const fields = new URLSearchParams(text);
  if (fields.size > maxFields) return undefined;
  const members = [...new Set(fields.keys())].map((name) => {
    const values = fields.getAll(name);
    return [name, values.length === 1 ? values[0] : { values }] as const;
  });
  return Object.fromEntries(members);
}

/**
 * Normalizes a successful token response: members that are `null`, empty or blank are absent, and a `scope` that is a list
 * becomes a text. An `expires_in` below one second is absent too: a token that expires when it is received is of no use, so
 * its lifetime counts as unknown. Each call would otherwise send a refresh.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 */
export function normalizeTokenResponse(body: JsonObject): JsonObject {
  const members = Object.entries(removeNullMembers(body)).filter(
    ([name, value]) =>
      (typeof value !== 'string' || value.trim() !== '' || !absentIfEmpty.includes(name)) &&
      (name !== 'expires_in' || !isZero(value)),
  );
  const normalizedBody = Object.fromEntries(members);
  const { scope } = normalizedBody;
  if (Array.isArray(scope) && scope.every((item) => typeof item === 'string')) {
    normalizedBody.scope = scope.join(' ');
  }
  return normalizedBody;
}

const isZero = (value: unknown) =>
  (typeof value === 'number' || typeof value === 'string') && Math.floor(Number(value)) === 0;
