import { setTimeout as delay } from 'node:timers/promises';
import {
  createTestAuthorizationServer,
  type TestAuthorizationServer,
  type TestAuthorizationServerOptions,
} from '@countersign/testing';
import { findFreePort } from '../../scripts/lib/ports.ts';
import { type NextWebOptions, type RunningNextWeb, startNextWeb } from './next-web.ts';

/** Seconds. */
const accessTokenLife = 4;

/** Renewed ahead, from half of the token's life on; in seconds. */
export const untilRenewalIsDue = (life = accessTokenLife) => delay((life / 2) * 1000 + 200);

export interface AtTestProvider {
  readonly op: TestAuthorizationServer;
  readonly app: RunningNextWeb;
  readonly stop: () => Promise<void>;
}

/** next-web at a provider without pages of its own, which signs in whom the test says, and misbehaves on demand. */
export async function startAtTestProvider(
  options: Partial<NextWebOptions> & { readonly server?: TestAuthorizationServerOptions } = {},
): Promise<AtTestProvider> {
  const { server, ...more } = options;
  const op = await createTestAuthorizationServer({
    accessTokenLife,
    clients: [{ clientId: 'next-web', clientSecret: 'next-web-demo-secret' }],
    ...server,
  });
  const { issuer, close } = await op.listen();
  const app = await startNextWeb({ port: await findFreePort(), issuer, ...more });
  return {
    op,
    app,
    async stop() {
      await app.stop();
      await close();
    },
  };
}
