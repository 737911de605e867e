import type { AuthEvent, EventListener } from '../../events.ts';
import type { Clock } from '../../internal/clock.ts';
import { createTokenBucket, type TokenBucket } from '../../internal/token-bucket.ts';

/** Lines of one kind that are written at once. */
const burst = 10;
/** Milliseconds between two further lines of one kind. */
const interval = 10_000;
/** Maximum count of kinds. Beyond it, further kinds share one limit. */
const maxKinds = 200;

/**
 * A line of {@link createFailureLog}.
 *
 * @example
 * ```ts
 * import type { FailureLine } from '@countersign/core/resource-server';
 *
 * const format = ({ level, text }: FailureLine) => `${level}: ${text}`;
 * ```
 */
export interface FailureLine {
  /** `info` if the caller is the reason, and `warn` if the API cannot verify tokens. */
  readonly level: 'info' | 'warn';
  /** One line. It contains no token and no message of an error that is not of this library. */
  readonly text: string;
}

/**
 * Creates an event listener that writes failures to a log. Anyone can cause failures, so that the rate of lines is limited
 * for each type, code and check of event: ten lines at once, then one in ten seconds with the count of the omitted ones.
 *
 * A missing token and a DPoP proof without a nonce are not written, because every client causes them.
 *
 * @param write writes the line of an event
 * @param now the clock, in milliseconds since the epoch. Default: `Date.now`.
 * @example
 * ```ts
 * import { createAccessTokenVerifier, createFailureLog } from '@countersign/core/resource-server';
 *
 * const verifier = createAccessTokenVerifier({
 *   issuer: 'https://auth.example.com',
 *   audience: 'https://api.example.com',
 *   onEvent: createFailureLog(({ level, text }) => console[level](`api: ${text}`)),
 * });
 * ```
 */
export function createFailureLog(
  write: (line: FailureLine, event: AuthEvent) => void,
  now: () => number = Date.now,
): EventListener {
  const kinds = new Map<string, FailureKind>();
  return (event) => {
    const line = describeEvent(event);
    if (!line) return;
    const kind = findKind(kinds, event);
    if (kind.bucket.take(now()) > 0) {
      kind.omitted++;
      return;
    }
    const omitted = kind.omitted > 0 ? ` (${kind.omitted} similar lines were omitted)` : '';
    kind.omitted = 0;
    write({ level: line.level, text: line.text + omitted }, event);
  };
}

/** Creates the event listener of a verifier without one, which writes failures to the console. */
export const createConsoleLog = (now: Clock): EventListener =>
  createFailureLog(({ level, text }) => console[level](`countersign: ${text}`), now);

interface FailureKind {
  readonly bucket: TokenBucket;
  /** Count of lines that were not written since the last one. */
  omitted: number;
}

/** If all checks shared a limit, random tokens would hide the line that names a wrong audience or issuer. */
function findKind(kinds: Map<string, FailureKind>, event: AuthEvent): FailureKind {
  const { code = '', check = '' } = event as { readonly code?: string; readonly check?: string };
  const ownName = `${event.type} ${code} ${check}`;
  const name = kinds.has(ownName) || kinds.size < maxKinds ? ownName : '';
  const kind = kinds.get(name) ?? { bucket: createTokenBucket({ capacity: burst, interval }), omitted: 0 };
  kinds.set(name, kind);
  return kind;
}

function describeEvent(event: AuthEvent): FailureLine | undefined {
  switch (event.type) {
    case 'keys.failed':
      return {
        level: 'warn',
        text: `cannot fetch the keys of ${event.issuer}: ${event.code}${event.reason ? `: ${event.reason}` : ''}`,
      };
    case 'token.unavailable':
      return {
        level: 'warn',
        text: `cannot verify an access token (503): ${event.code}${describeReason(event)}`,
      };
    case 'token.rejected': {
      if (event.code === 'token_missing' || event.code === 'use_dpop_nonce') return undefined;
      const mismatch = event.found === undefined ? '' : `: expected ${event.expected}, found ${event.found}`;
      const remedy = mismatch && '. explainToken() names the remedy.';
      return {
        level: 'info',
        text: `rejected an access token: ${event.code} (${event.check ?? '-'})${describeReason(event) || mismatch}${remedy}`,
      };
    }
    default:
      return undefined;
  }
}

/** The message of an error of other code is not written, because it can contain a secret. */
function describeReason(event: { readonly reason?: string; readonly errorName?: string }): string {
  const text = event.errorName ?? event.reason;
  return text ? `: ${text}` : '';
}
