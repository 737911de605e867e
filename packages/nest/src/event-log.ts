import type { AuthEvent } from '@countersign/core/resource-server';
import { Logger } from '@nestjs/common';

/**
 * Creates the default event listener, which writes failures to Nest's log. No event contains a token.
 */
export function createEventLog(): (event: AuthEvent) => void {
  const logger = new Logger('AuthModule');
  return (event) => {
    if (event.type === 'keys.failed') logger.warn(`Cannot fetch the keys of ${event.issuer}: ${event.code}`);
    else if (event.type === 'token.rejected') {
      const mismatch = event.found ? `expected ${event.expected}, found ${event.found}` : '';
      const reason = event.reason || mismatch ? `: ${event.reason || mismatch}` : '';
      logger.debug(`Rejected an access token: ${event.code} (${event.check ?? '-'})${reason}`);
    } else if (event.type === 'token.unavailable') {
      // An event with a reason reports that a check of the application failed.
      if (event.reason) logger.warn(`Cannot check an access token: ${event.reason}`);
      else logger.debug(`Cannot verify an access token: ${event.code}`);
    }
  };
}
