import { ConfigurationError } from '../../../errors.ts';

/** Microsoft writes the identifiers of tenants in lower case. */
export const isGuid = (value: unknown): value is string =>
  typeof value === 'string' && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(value);

/**
 * Returns the identifiers in lower case.
 *
 * @throws ConfigurationError `invalid_option` if one is not a GUID
 */
export function requireGuids(option: string, values: readonly unknown[]): readonly string[] {
  const ids = [values].flat().map((value) => String(value).toLowerCase());
  const invalid = ids.find((id) => !isGuid(id));
  if (invalid === undefined) return ids;
  throw new ConfigurationError(
    'invalid_option',
    `"${option}" contains "${invalid}", expected the GUID of a tenant ("Directory ID" in the portal).`,
  );
}
