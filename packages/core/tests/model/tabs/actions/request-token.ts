import { AuthError, LoginRequiredError } from '../../../../src/errors.ts';
import type { Page, Tab } from '../simulation/tab.ts';
import type { TabWorld } from '../simulation/world-types.ts';
import { runInPage } from './in-page.ts';

interface TokenRequest {
  readonly resource?: string;
  readonly forceRefresh?: boolean;
  /** The API rejects the first token, and the request is sent again. */
  readonly isRejected?: boolean;
}

/** Sends a request of the application to an API. @returns true if it was sent with a token */
export async function requestToken(world: TabWorld, tab: Tab, request: TokenRequest): Promise<boolean> {
  const { isRejected = false, ...options } = request;
  const result = await runInPage(world, tab, async (page) => {
    const { status, claims } = page.auth.snapshot();
    const owner = status === 'loading' || status === 'error' ? undefined : (claims?.sub ?? null);
    const token = await send(world, page, owner, options);
    if (!isRejected) return;
    await world.scheduler.step('the API rejects the token', () => {});
    const rejected = { resource: options.resource, rejectedToken: token.accessToken, holder: token.holder };
    await send(world, page, owner, rejected);
  });
  if (result?.error) reportError(world, result.error);
  return result !== undefined && !result.isUnloaded && !result.error;
}

async function send(
  { ledger, scheduler }: TabWorld,
  page: Page,
  owner: string | null | undefined,
  options: Parameters<Page['auth']['getAccessToken']>[0],
) {
  const { auth, process } = page;
  const token = await auth.getAccessToken(options);
  await auth.authorize({ method: 'GET', url: 'https://a.example/items' }, token);
  const login = ledger.findLogin(token.accessToken);
  const sub = login?.code.sub;
  scheduler.note(`(a request is sent with a token of ${login?.code.login?.id}, ${sub})`);
  const shown = auth.snapshot().claims?.sub;
  if (owner !== undefined && sub !== owner)
    ledger.reportViolation(`a request of ${owner} was sent with a token of ${sub}`);
  if (sub !== shown) ledger.reportViolation(`${process.name} shows ${shown}, and sent a token of ${sub}`);
  const { loggedOutAt } = page;
  if (loggedOutAt !== undefined && !ledger.findLoginSince(loggedOutAt))
    ledger.reportViolation(`${process.name} sent a token of ${login?.code.login?.id} after its logout`);
  return token;
}

/** Requests fail without a login. They fail for another reason only after a fault. */
export function reportError({ ledger, scheduler, faults, hasSuspended }: TabWorld, error: Error): void {
  scheduler.note(`(${error instanceof AuthError ? error.code : error.message})`);
  if (error instanceof LoginRequiredError) return;
  const isFaulty = faults.occurredKinds.size > 0 || hasSuspended;
  if (!isFaulty) ledger.reportViolation(`an operation failed without a fault: ${error.stack}`);
}
