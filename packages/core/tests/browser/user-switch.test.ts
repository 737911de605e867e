// @platforms node: the scheduler of the suite uses `setImmediate`.
import { afterEach, beforeEach, test, vi } from 'vitest';
import type { AuthError } from '../../src/errors.ts';
import { type ApiCall, apiUrl, type World } from '../support/browser/browser-world.ts';
import { expectNoViolations, orderSeeds, type SendRequest } from '../support/browser/user-switch.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Sends a request as an application does: a second attempt after a rejected token, and one with a DPoP nonce. */
const send: SendRequest = (world, call) =>
  sendAttempts(world, call).then(String, (error: AuthError) => error.code);

async function sendAttempts(world: World, call: ApiCall): Promise<number> {
  const { tab, upload } = call;
  const { auth } = tab;
  const { status, holder: shown } = auth.snapshot();
  let holder = status === 'loading' ? undefined : (shown ?? null);
  let rejectedToken: string | undefined;
  for (let withNonce = false; ; ) {
    const token = await auth.getAccessToken({ rejectedToken, holder });
    holder = token.holder;
    const headers = new Headers(await auth.authorize({ method: 'POST', url: apiUrl }, token));
    const response = await world.api(call, { headers, upload });
    const responseHeaders = new Headers(response.headers);
    const isNewNonce = await auth.rememberNonce(apiUrl, responseHeaders);
    // The body of an upload was read. It cannot be sent again.
    if (response.status !== 401 || upload) return response.status;
    if (isNewNonce && !withNonce) withNonce = true;
    else if (rejectedToken === undefined) rejectedToken = token.accessToken;
    else return response.status;
  }
}

const runs = 1000;

test.each(orderSeeds)(
  `B20: sends no request of one user with a token of another, in ${runs} %s orders (seed %i)`,
  { timeout: 600_000 },
  (_, seed) => expectNoViolations({ runs, seed }, () => send),
);
