import { toPrintableText, ValidationError } from '../../errors.ts';

/**
 * An error in an authorization response that failed its validation, for example because it has no `state` or no `iss`.
 * Anyone may have written it. It is shown to the developer, and no decision depends on it.
 */
export interface UnverifiedError {
  /** Printable, at most 100 characters. */
  readonly error: string;
  /** Printable, at most 300 characters. */
  readonly errorDescription?: string;
}

/** Reads the error of a response that failed with this validation error. */
export function readUnverifiedError(
  failure: unknown,
  parameters: URLSearchParams | undefined,
): UnverifiedError | undefined {
  const error = failure instanceof ValidationError ? parameters?.get('error') : undefined;
  if (!error) return undefined;
  const description = parameters?.get('error_description');
  return {
    error: toPrintableText(error, 100),
    ...(description && { errorDescription: toPrintableText(description, 300) }),
  };
}

export const describeUnverifiedError = ({ error, errorDescription }: UnverifiedError): string =>
  `The response is unverified. It contains the error ${JSON.stringify(error)}${errorDescription === undefined ? '' : `, ${JSON.stringify(errorDescription)}`}.`;
