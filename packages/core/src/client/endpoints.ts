import { ValidationError } from '../errors.ts';
import { isJsonObject } from '../internal/json.ts';

/**
 * Endpoints must be https: otherwise codes and tokens travel in the clear (RFC 8414 section 2), and a browser is
 * sent to whatever else a URL may be.
 *
 * @throws ValidationError `metadata_invalid`
 */
export function checkEndpoints(metadata: object, allowInsecure: boolean): void {
  for (const [name, value] of Object.entries(metadata)) {
    if (name === 'mtls_endpoint_aliases' && isJsonObject(value)) checkEndpoints(value, allowInsecure);
    if (!/_endpoint$|^jwks_uri$/.test(name) || value === undefined) continue;
    const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
    if (url?.protocol === 'https:' || (url?.protocol === 'http:' && allowInsecure)) continue;
    throw new ValidationError('metadata_invalid', name, `The metadata's ${name} is not an https URL.`);
  }
}
