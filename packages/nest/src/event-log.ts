import { type AuthEvent, createFailureLog } from '@countersign/core/resource-server';
import { Logger } from '@nestjs/common';

/**
 * Creates the default event listener, which writes a limited number of failures to Nest's log. No line contains a token, or
 * the message of an error that is not of this library.
 */
export function createEventLog(): (event: AuthEvent) => void {
  const logger = new Logger('AuthModule');
  return createFailureLog(({ level, text }, event) => {
    // Without a cause, the line of the failed keys or of the reached limit is the one that names the problem.
    const isConsequence = event.type === 'token.unavailable' && !event.reason && !event.errorName;
    const line = text.charAt(0).toUpperCase() + text.slice(1);
    if (level === 'warn' && !isConsequence) logger.warn(line);
    else logger.debug(line);
  });
}
