import { ConfigurationError, nameForeignError } from '../../errors.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import { parseUntrustedObject, storedLimits } from '../../internal/json/untrusted-json.ts';

/**
 * Converts data of the application to what a session stores: JSON. The error of a value without a JSON form is that of the
 * application, not of the store.
 *
 * @throws ConfigurationError `invalid_option`
 * @see https://www.rfc-editor.org/rfc/rfc8259
 */
export const toSessionData = (value: unknown): JsonObject =>
  parseUntrustedObject(stringify(value), {
    limits: storedLimits,
    createError: (_, problem) => createDataError(problem),
  });

function stringify(value: unknown): string {
  try {
    // `undefined` and functions have no text.
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    // The message of the error may contain names of the data.
    throw createDataError(`has no JSON text (${nameForeignError(error)})`);
  }
}

const createDataError = (problem: string) =>
  new ConfigurationError(
    'invalid_option',
    `The data of the session ${problem}, expected an object of JSON values, without BigInt and without references to itself.`,
  );
