import type { AuthEvent, EventListener } from '../../events.ts';
import type { Clock } from '../../internal/clock.ts';
import { createLineLimit } from '../../internal/line-limit.ts';
import { isProduction } from '../../internal/node-environment.ts';

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
  const limitLine = createLineLimit();
  return (event) => {
    const line = describeEvent(event);
    if (!line) return;
    const omitted = limitLine(findKind(event), now());
    if (omitted !== undefined) write({ level: line.level, text: line.text + omitted }, event);
  };
}

/** Creates the event listener of a verifier without one, which writes failures to the console. */
export const createConsoleLog = (now: Clock): EventListener =>
  createFailureLog(({ level, text }) => console[level](`countersign: ${text}`), now);

/** If all checks shared a limit, random tokens would hide the line that names a wrong audience or issuer. */
function findKind(event: AuthEvent): string {
  const { code = '', check = '' } = event as { readonly code?: string; readonly check?: string };
  return `${event.type} ${code} ${check}`;
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

/** For developers: where the message is that the line omits. */
const foreignErrorRemedy =
  '. Its message is not written, because it can contain a secret. The option onEvent receives it as "reason".';

/** The message of an error of other code is not written, because it can contain a secret. */
function describeReason(event: { readonly reason?: string; readonly errorName?: string }): string {
  const { reason, errorName } = event;
  if (errorName !== undefined) return `: ${errorName}${reason && !isProduction() ? foreignErrorRemedy : ''}`;
  return reason ? `: ${reason}` : '';
}
