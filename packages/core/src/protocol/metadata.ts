import { ValidationError } from '../errors.ts';
import { isDevelopment } from '../internal/development.ts';
import { isJsonObject, type JsonObject } from '../internal/json/json.ts';
import { isSecureUrl } from './secure-url.ts';

/** Endpoints that logins and signature verification require. */
const requiredEndpoints = new Set(['authorization_endpoint', 'token_endpoint', 'jwks_uri']);

/** Other endpoints that this library uses. */
const optionalEndpoints = new Set([
  'userinfo_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'end_session_endpoint',
  'pushed_authorization_request_endpoint',
  'device_authorization_endpoint',
]);

/** True for members whose value is an array of strings. */
const isList = (name: string) => /(methods|values|types|modes|scopes)_supported$/.test(name);

/**
 * Removes members of the provider's metadata that are `null` or of a wrong type. Members that protect a login are
 * rejected instead:
 *
 * - An endpoint must be an https URL. Otherwise codes and tokens are sent in plain text (RFC 8414 section 2), and browsers
 *   are redirected to URLs of other schemes. An invalid authorization endpoint, token endpoint or key set URL is rejected.
 *   Other invalid endpoints are removed, and only the operations that need them fail.
 * - `authorization_response_iss_parameter_supported` must be a boolean. It decides whether a response without `iss` is
 *   rejected (RFC 9207 section 2.4).
 *
 * @throws ValidationError `metadata_invalid`
 */
export function normalizeMetadata(
  metadata: object,
  options: { readonly allowInsecure: boolean },
): JsonObject {
  const normalizedMetadata: JsonObject = readMembers(metadata, options);
  const { mtls_endpoint_aliases: aliases } = normalizedMetadata;
  // The aliases have the same names (RFC 8705 section 5).
  if (isJsonObject(aliases)) normalizedMetadata.mtls_endpoint_aliases = readMembers(aliases, options);
  else delete normalizedMetadata.mtls_endpoint_aliases;
  return normalizedMetadata;
}

function readMembers(metadata: object, options: { readonly allowInsecure: boolean }): JsonObject {
  const members: [string, unknown][] = [];
  for (const [name, value] of Object.entries(metadata)) {
    if (value === null || value === undefined) continue;
    if (optionalEndpoints.has(name)) {
      if (!isSecureUrl(value, options)) continue;
    } else if (requiredEndpoints.has(name)) {
      if (value === '') continue;
      if (!isSecureUrl(value, options)) throw invalid(name, isDevelopment ? 'is not an https URL' : '');
    } else if (name === 'authorization_response_iss_parameter_supported') {
      if (typeof value !== 'boolean') throw invalid(name, isDevelopment ? 'is not a boolean' : '');
    } else if (isList(name)) {
      // An empty list is an omitted member (RFC 8414 section 2).
      if (!Array.isArray(value) || value.length === 0) continue;
      members.push([name, value.filter((item) => typeof item === 'string')]);
      continue;
    }
    members.push([name, value]);
  }
  return Object.fromEntries(members);
}

const invalid = (name: string, problem: string) =>
  new ValidationError('metadata_invalid', name, isDevelopment ? `Metadata "${name}" ${problem}.` : '');
