import { setTimeout as delay } from 'node:timers/promises';
import {
  createTestAuthorizationServer,
  type TestAuthorizationServer,
  type TestAuthorizationServerOptions,
} from '@countersign/testing';
import { findFreePort } from '../../../scripts/lib/ports.ts';
import { type NextWebOptions, type RunningNextWeb, startNextWeb } from './next-web.ts';

/** In seconds. */
const accessTokenLifetime = 4;

/** Waits until a token is refreshed before its expiry, after half of its lifetime in seconds. */
export const waitUntilRefreshIsDue = (lifetime = accessTokenLifetime) => delay((lifetime / 2) * 1000 + 200);

export interface NextWebAtTestProvider {
  readonly op: TestAuthorizationServer;
  readonly app: RunningNextWeb;
  readonly stop: () => Promise<void>;
}

/** Starts next-web with a provider without pages. The test chooses the user and the invalid responses. */
export async function startAtTestProvider(
  options: Partial<NextWebOptions> & { readonly server?: TestAuthorizationServerOptions } = {},
): Promise<NextWebAtTestProvider> {
  const { server, ...more } = options;
  const op = await createTestAuthorizationServer({
    accessTokenLifetime,
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
