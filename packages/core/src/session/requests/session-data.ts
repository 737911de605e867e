import { ConfigurationError, nameForeignError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../internal/json/json.ts';

/**
 * Converts data of the application to what a session stores: JSON. The error of a value without a JSON form is that of the
 * application, not of the store.
 *
 * @throws ConfigurationError `invalid_option`
 * @see https://www.rfc-editor.org/rfc/rfc8259
 */
export function toSessionData(value: unknown): JsonObject {
  const data = copyAsJson(value);
  if (isJsonObject(data)) return data;
  throw createDataError('not an object');
}

function copyAsJson(value: unknown): unknown {
  try {
    const text = JSON.stringify(value) as string | undefined;
    return text === undefined ? undefined : JSON.parse(text);
  } catch (error) {
    // The message of the error may contain names of the data.
    throw createDataError(`not JSON (${nameForeignError(error)})`);
  }
}

const createDataError = (found: string) =>
  new ConfigurationError(
    'invalid_option',
    `The data of the session is ${found}, expected an object of JSON values, without BigInt and without references to itself.`,
  );
