import { ValidationError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from './json.ts';

/** Without a usable one of these there is no login and no verification. */
const requiredEndpoints = new Set(['authorization_endpoint', 'token_endpoint', 'jwks_uri']);

/** Further endpoints that this library uses. Others are not looked at. */
const optionalEndpoints = new Set([
  'userinfo_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'end_session_endpoint',
  'pushed_authorization_request_endpoint',
  'device_authorization_endpoint',
]);

/** Members whose value is a list of texts. */
const isList = (name: string) => /(methods|values|types|modes|scopes)_supported$/.test(name);

/**
 * The metadata of a provider with the types that its readers rely on, the same for each of them.
 * A member that is `null` counts as absent, and so does one of a wrong type, unless it protects:
 *
 * - An endpoint must be an https URL: otherwise codes and tokens travel in the clear (RFC 8414 section 2), and a
 *   browser is sent to whatever else a URL may be. A login needs the authorization and the token endpoint and the keys;
 *   another endpoint that is unusable is left out, and only the operation that needs it fails.
 * - `authorization_response_iss_parameter_supported` must be a boolean: it decides whether an answer without `iss` is
 *   refused (RFC 9207 section 2.4).
 *
 * @throws ValidationError `metadata_invalid`
 */
export function normalizeMetadata(
  metadata: object,
  options: { readonly allowInsecure: boolean },
): JsonObject {
  const normalized: JsonObject = readMembers(metadata, options);
  const { mtls_endpoint_aliases: aliases } = normalized;
  // RFC 8705 section 5: the same names again, one level deeper.
  if (isJsonObject(aliases)) normalized.mtls_endpoint_aliases = readMembers(aliases, options);
  else delete normalized.mtls_endpoint_aliases;
  return normalized;
}

function readMembers(metadata: object, options: { readonly allowInsecure: boolean }): JsonObject {
  const members: [string, unknown][] = [];
  for (const [name, value] of Object.entries(metadata)) {
    if (value === null || value === undefined) continue;
    if (optionalEndpoints.has(name)) {
      if (!isSecureUrl(value, options)) continue;
    } else if (requiredEndpoints.has(name)) {
      if (value === '') continue;
      if (!isSecureUrl(value, options)) throw invalid(name, 'is not an https URL');
    } else if (name === 'authorization_response_iss_parameter_supported') {
      if (typeof value !== 'boolean') throw invalid(name, 'is not a boolean');
    } else if (isList(name)) {
      if (!Array.isArray(value)) continue;
      members.push([name, value.filter((item) => typeof item === 'string')]);
      continue;
    }
    members.push([name, value]);
  }
  return Object.fromEntries(members);
}

function isSecureUrl(value: unknown, { allowInsecure }: { readonly allowInsecure: boolean }): boolean {
  const protocol = typeof value === 'string' && URL.canParse(value) ? new URL(value).protocol : '';
  return protocol === 'https:' || (protocol === 'http:' && allowInsecure);
}

const invalid = (name: string, problem: string) =>
  new ValidationError('metadata_invalid', name, `The metadata's ${name} ${problem}.`);
