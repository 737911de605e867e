import { ValidationError } from '../../errors.ts';
import type { JsonObject } from '../json/json.ts';
import { selectUsableKeys } from '../json/key-set-document.ts';
import { fetchBounded, getJsonBody, type HttpOptions } from './bounded-fetch.ts';

/**
 * Fetches a JSON Web Key Set. Returns its usable keys.
 *
 * @param options the options of the request, and `headers` in addition to `accept`. Default of `headers`: none.
 * @throws ValidationError `keys_invalid` if the response is not a key set; TransportError as `fetchBounded` does
 * @see https://www.rfc-editor.org/rfc/rfc7517#section-5
 */
export async function fetchKeySet(
  uri: string,
  { headers, ...http }: HttpOptions & { readonly headers?: Readonly<Record<string, string>> },
): Promise<JsonObject[]> {
  const accept = 'application/jwk-set+json, application/json';
  const response = await fetchBounded(uri, { headers: { accept, ...headers } }, http);
  const keys = response.status === 200 ? selectUsableKeys(getJsonBody(response)) : undefined;
  if (keys) return keys;
  throw new ValidationError(
    'keys_invalid',
    'jwks',
    `The response of "jwks_uri" is not a JSON Web Key Set (status ${response.status}).`,
  );
}
