import {
  AccessTokenError,
  AuthError,
  findUnexpectedCause,
  formatChallenge,
  TransportError,
} from '@countersign/core/resource-server';
import { Logger } from '@nestjs/common';
import type { Transport } from '../transport/transport.ts';
import { redact } from './redact.ts';

const logger = new Logger('AuthModule');

/** Where an exception was thrown. */
export interface Place {
  /** For example `ItemsController.list`. */
  readonly name: string;
  readonly transport?: Transport | undefined;
}

/**
 * Logs an exception that is no refusal, in one line at error level, without a secret.
 *
 * The text of an exception may quote what a stranger sent. So the credential of the request and everything that looks
 * like a token are replaced, and of a `SyntaxError`, which quotes what it could not parse, only the name is logged.
 */
export function logUnforeseen(error: unknown, { name, transport }: Place): void {
  const { text, stack } = describe(error, transport);
  try {
    logger.error(`${name}: refused, as the check of the access token threw ${text}`, stack);
  } catch {
    // A logger that throws changes no decision.
  }
}

/**
 * The refusal for what was thrown while a credential was looked at.
 *
 * An unforeseen exception says nothing about the token, and nothing of it reaches the client: the token could not be
 * verified, and that is `invalid_token`. Another typed error says that verification is impossible at the moment.
 *
 * @see RFC 6750 section 3.1
 */
export function refusalOf(error: unknown, place: Place): AccessTokenError | TransportError {
  if (isRefusal(error)) {
    const cause = findUnexpectedCause(error);
    if (cause) logUnforeseen(cause.thrown, place);
    return error;
  }
  logUnforeseen(error, place);
  if (isInstance(error, AuthError)) return new TransportError('server_error', error.message);
  const description = 'The access token could not be verified';
  const challenge = formatChallenge('Bearer', [
    ['error', 'invalid_token'],
    ['error_description', description],
  ]);
  return new AccessTokenError('invalid_token', description, { status: 401, challenges: [challenge] });
}

/** What a verifier throws for a request that is not let in. */
export const isRefusal = (error: unknown): error is AccessTokenError | TransportError =>
  isInstance(error, AccessTokenError) || isInstance(error, TransportError);

/** `instanceof` that does not throw: what was thrown may be a proxy. */
export function isInstance<T>(value: unknown, type: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** The name of a handler, for a log. */
export function nameOfHandler(owner: unknown, handler: unknown): string {
  const nameOf = (value: unknown) => (typeof value === 'function' && value.name !== '' ? value.name : '?');
  try {
    return `${nameOf(owner)}.${nameOf(handler)}`;
  } catch {
    return '?';
  }
}

const mostFrames = 10;

function describe(error: unknown, transport: Transport | undefined): { text: string; stack?: string } {
  try {
    return describeException(error, secretsOf(transport));
  } catch {
    return { text: 'an exception that cannot be described' };
  }
}

function describeException(error: unknown, secrets: readonly string[]): { text: string; stack?: string } {
  if (!(error instanceof Error)) return { text: `a value of type ${typeof error}` };
  const name = /^\w{1,60}$/.test(String(error.name)) ? String(error.name) : 'Error';
  const said = String(error.message);
  const message = error instanceof SyntaxError ? '' : redact(said, { secrets, tokens: true });
  const stack = String(error.stack);
  // The stack begins with the message, which may have lines that look like frames.
  const frames = stack
    .slice(said === '' ? 0 : Math.max(stack.indexOf(said), 0) + said.length)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, mostFrames)
    .map((line) => redact(line, { secrets, tokens: false }));
  return {
    text: message === '' ? name : `${name}: ${message}`,
    ...(frames.length > 0 && { stack: frames.join('\n') }),
  };
}

/** What the request brought as a credential; nothing where even that cannot be read. */
function secretsOf(transport: Transport | undefined): readonly string[] {
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
