import {
  AccessTokenError,
  AuthError,
  findUnexpectedCause,
  formatChallenge,
  listStackFrames,
  TransportError,
} from '@countersign/core/resource-server';
import type { Transport } from '../transport/transport.ts';
import { writeLogLine } from './limited-log.ts';
import { redact } from './redact.ts';

/** The errors by which a verifier rejects a request. */
export type Rejection = AccessTokenError | TransportError;

/** Where an exception was thrown. */
export interface ErrorLocation {
  /** For example `ItemsController.list`. */
  readonly name: string;
  readonly transport?: Transport | undefined;
}

/**
 * Logs an exception that is not a rejection, in one line at error level, without secrets. The rate of lines is limited for
 * each handler and name of an exception.
 *
 * The message of an exception may quote an attacker's input. So the credentials of the request and everything that looks
 * like a token are replaced. Only the name of a `SyntaxError` is logged, because its message quotes the text that could
 * not be parsed.
 */
export function logUnexpectedError(error: unknown, { name, transport }: ErrorLocation): void {
  const { text, stack, type } = describeError(error, transport);
  writeLogLine('error', {
    kind: `${name} ${type}`,
    text: `${name}: rejected, because the check of the access token threw ${text}`,
    stack,
  });
}

/**
 * Converts an exception of the verification to a rejection.
 *
 * An unexpected exception becomes `invalid_token`, because the token could not be verified. It is logged, and its message
 * does not reach the client. Another typed error means that tokens cannot be verified at the moment.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 */
export function toRejection(error: unknown, location: ErrorLocation): Rejection {
  if (isRejection(error)) {
    const cause = findUnexpectedCause(error);
    if (cause) logUnexpectedError(cause.thrown, location);
    return error;
  }
  logUnexpectedError(error, location);
  if (isInstance(error, AuthError)) return new TransportError('server_error', error.message);
  const description = 'The access token could not be verified';
  const challenge = formatChallenge('Bearer', [
    ['error', 'invalid_token'],
    ['error_description', description],
  ]);
  return new AccessTokenError('invalid_token', description, { status: 401, challenges: [challenge] });
}

export const isRejection = (error: unknown): error is Rejection =>
  isInstance(error, AccessTokenError) || isInstance(error, TransportError);

/** Like `instanceof`, but does not throw: the exception may be a proxy. */
export function isInstance<T>(value: unknown, type: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** Formats the name of a handler for the log, from values that may not be functions. */
export function formatLogName(owner: unknown, handler: unknown): string {
  const readName = (value: unknown) => (typeof value === 'function' && value.name !== '' ? value.name : '?');
  try {
    return `${readName(owner)}.${readName(handler)}`;
  } catch {
    return '?';
  }
}

interface ErrorDescription {
  readonly text: string;
  readonly stack?: string;
  /** The name of the error, or the type of another value. */
  readonly type: string;
}

/** Describes an exception without secrets. */
export function describeError(error: unknown, transport: Transport | undefined): ErrorDescription {
  try {
    return describeException(error, readSecrets(transport));
  } catch {
    return { text: 'an exception that cannot be described', type: 'unknown' };
  }
}

function describeException(error: unknown, secrets: readonly string[]): ErrorDescription {
  if (!(error instanceof Error)) return { text: `a value of type ${typeof error}`, type: typeof error };
  const name = /^\w{1,60}$/.test(String(error.name)) ? String(error.name) : 'Error';
  const rawMessage = String(error.message);
  const message = error instanceof SyntaxError ? '' : redact(rawMessage, { secrets, tokens: true });
  const frames = listStackFrames(error).map((line) => redact(line, { secrets, tokens: false }));
  return {
    text: message === '' ? name : `${name}: ${message}`,
    type: name,
    ...(frames.length > 0 && { stack: frames.join('\n') }),
  };
}

/** Reads the credentials of the request. Empty if the request cannot be read. */
function readSecrets(transport: Transport | undefined): readonly string[] {
  try {
    const { headers } = transport?.request() ?? {};
    const { authorization, dpop, cookie } = (headers ?? {}) as Record<string, unknown>;
    return [authorization, dpop, cookie]
      .flat()
      .filter((value) => typeof value === 'string')
      .flatMap((value) => value.split(/[\s;,]+/))
      .filter((part) => part.length >= 6 && !/^bearer$/i.test(part));
  } catch {
    return [];
  }
}
