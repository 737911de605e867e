import { AuthError, LoginRequiredError } from '../../../src/errors.ts';
import type { SentRequest } from '../simulation/browser.ts';
import type { World } from '../simulation/world.ts';

/** Reports the content of a response to the ledger. */
export function report(
  world: World,
  { record, sentAt, process }: SentRequest,
  result: {
    readonly sub?: string | undefined;
    readonly accessToken?: string;
    readonly isLoginRequired?: boolean;
    readonly error?: string;
  },
): void {
  const { sub, isLoginRequired = false, ...rest } = result;
  const login = rest.accessToken?.split('.')[1] ?? sub;
  world.scheduler.note(`(${rest.error ?? (isLoginRequired ? 'signed out' : `signed in: ${login}`)})`);
  world.ledger.checkReport({ record, sentAt, process, sub, isLoginRequired, ...rest });
}

export function reportError(world: World, sent: SentRequest, error: unknown): void {
  if (!(error instanceof AuthError)) {
    const { name, message } = error as Error;
    world.ledger.reportViolation(`a request failed with an unexpected exception: ${name} ${message}`);
    return;
  }
  report(world, sent, { error: error.code, isLoginRequired: error instanceof LoginRequiredError });
}

export function reportFailure(world: World, sent: SentRequest, response: Response): void {
  if (response.status === 500) world.ledger.reportViolation('a route responded with status 500');
  report(world, sent, { error: `status ${response.status}` });
}
