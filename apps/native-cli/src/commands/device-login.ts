import { pollDeviceAuthorization, requestDeviceAuthorization } from '@countersign/core';
import { CommandError } from '../exit.ts';
import { type Output, toPrintable } from '../output.ts';
import type { Session } from '../session.ts';
import { reportLogin, storeLogin } from './new-login.ts';

export interface DeviceLoginOptions {
  /** Seconds to wait for the user. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** Waits between two polls. Default: a timer. */
  readonly wait?: ((milliseconds: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
}

/**
 * Logs in with the browser of another device, for a machine that has none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8628
 */
export async function deviceLogin(
  session: Session,
  output: Output,
  { timeout, signal, wait }: DeviceLoginOptions,
): Promise<void> {
  const { client } = session;
  const device = await requestDeviceAuthorization(client);
  const { verificationUri, verificationUriComplete, userCode } = device;
  output.result(
    { verificationUri, verificationUriComplete: verificationUriComplete ?? null, userCode },
    `Open ${toPrintable(verificationUri)} on any device, and enter the code\n\n  ${toPrintable(userCode)}\n`,
  );
  const expiry = AbortSignal.timeout(timeout * 1000);
  const response = await pollDeviceAuthorization(client, device, {
    signal: AbortSignal.any([expiry, ...(signal ? [signal] : [])]),
    ...(wait && { wait }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw new CommandError('interrupted', 'Interrupted.');
    if (expiry.aborted)
      throw new CommandError('login_timeout', `The login was not completed within ${timeout} seconds.`);
    throw error;
  });
  reportLogin(session, output, await storeLogin(session, response));
}
