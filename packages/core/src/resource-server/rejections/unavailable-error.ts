import { TransportError } from '../../errors.ts';

const networkCode =
  /^(ECONN\w+|ETIMEDOUT|ENOTFOUND|EAI_\w+|EPIPE|EHOST\w+|ENET\w+|ESOCKET\w*|UND_ERR_\w+|08\d{3}|57P0\d|P10\d\d)$/;
const networkName = /timeout|abort|network|connect|unavailable/i;
const networkMessage =
  /\b(ECONN\w+|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)\b|^(fetch failed|Failed to fetch|Load failed)$/;

/**
 * Returns true for an error that reports an unavailable service, and nothing about the token. Such errors are a
 * `TransportError`, a timeout, a response with status 429 or 5xx, and network errors of Node, `fetch` and databases.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.6.4
 * @example
 * ```ts
 * import { isUnavailableError } from '@countersign/core/resource-server';
 *
 * const toStatus = (error: unknown) => (isUnavailableError(error) ? 503 : 500);
 * ```
 */
export const isUnavailableError = (error: unknown): boolean => reportsOutage(error, 0);

function reportsOutage(error: unknown, depth: number): boolean {
  if (error instanceof TransportError) return true;
  if (typeof error !== 'object' || error === null || depth > 4) return false;
  const { code, name, message, status, statusCode, response, cause, errors } = error as Readonly<
    Record<string, unknown>
  >;
  return (
    matches(networkCode, code) ||
    matches(networkName, name) ||
    matches(networkMessage, message) ||
    [status, statusCode, (response as { status?: unknown } | undefined | null)?.status].some(isTemporary) ||
    reportsOutage(cause, depth + 1) ||
    (Array.isArray(errors) && errors.length > 0 && errors.every((each) => reportsOutage(each, depth + 1)))
  );
}

const matches = (pattern: RegExp, value: unknown): boolean =>
  typeof value === 'string' && pattern.test(value);
const isTemporary = (status: unknown): boolean =>
  typeof status === 'number' && (status === 429 || (status >= 500 && status < 600));
