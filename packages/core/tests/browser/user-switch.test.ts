// @platforms node: the scheduler of the suite uses `setImmediate`.
import { afterEach, beforeEach, test, vi } from 'vitest';
import type { AuthError } from '../../src/errors.ts';
import { type ApiCall, apiUrl, type World } from '../support/browser/browser-world.ts';
import { expectNoViolations, type SendRequest } from '../support/browser/user-switch.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Sends a request as an application does: a second attempt after a rejected token, and one with a DPoP nonce. */
const send: SendRequest = (world, call, { isUpload }) =>
  sendAttempts(world, call, isUpload).then(String, (error: AuthError) => error.code);

async function sendAttempts(world: World, call: ApiCall, isUpload: boolean): Promise<number> {
  const { auth } = call.tab;
  const { status, holder: shown } = auth.snapshot();
  let holder = status === 'loading' ? undefined : (shown ?? null);
  let rejectedToken: string | undefined;
  for (let withNonce = false; ; ) {
    const token = await auth.getAccessToken({ rejectedToken, holder });
    holder = token.holder;
    const headers = new Headers(await auth.authorize({ method: 'POST', url: apiUrl }, token));
    const response = await world.api(call, headers);
    const responseHeaders = new Headers(response.headers);
    const isNewNonce = await auth.rememberNonce(apiUrl, responseHeaders);
    if (response.status !== 401 || isUpload) return response.status;
    if (isNewNonce && !withNonce) withNonce = true;
    else if (rejectedToken === undefined) rejectedToken = token.accessToken;
    else return response.status;
  }
}

const runs = 2000;
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(
  `B20: sends no request of one user with a token of another, in ${runs} orders (seed ${seed})`,
  {
    timeout: 600_000,
  },
  () => expectNoViolations({ runs, seed }, () => send),
);
