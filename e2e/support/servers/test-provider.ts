import {
  createTestAuthorizationServer,
  type TestAuthorizationServer,
  type TestAuthorizationServerOptions,
} from '@countersign/testing';
import { findFreePort } from '../../../scripts/lib/processes/ports.ts';
import { type NextWebOptions, type RunningNextWeb, startNextWeb } from './apps/next-web.ts';
import { createDrivenClock } from './clock/driven-clock.ts';

/** In seconds. */
export const accessTokenLifetime = 300;

export interface NextWebAtTestProvider {
  readonly op: TestAuthorizationServer;
  readonly app: RunningNextWeb;
  /** Advances the clocks of application and provider. */
  readonly advance: (seconds: number) => void;
  readonly stop: () => Promise<void>;
}

/** Starts next-web with a provider without pages. The test chooses the user and the invalid responses. */
export async function startAtTestProvider(
  options: Partial<NextWebOptions> & { readonly server?: TestAuthorizationServerOptions } = {},
): Promise<NextWebAtTestProvider> {
  const { server, environment, ...serverOptions } = options;
  const clock = createDrivenClock();
  const op = await createTestAuthorizationServer({
    accessTokenLifetime,
    clients: [{ clientId: 'next-web', clientSecret: 'next-web-demo-secret' }],
    ...server,
  });
  const { issuer, close } = await op.listen();
  const app = await startNextWeb({
    port: await findFreePort(),
    issuer,
    environment: { ...clock.environment, ...environment },
    ...serverOptions,
  });
  return {
    op,
    app,
    advance(seconds) {
      clock.advance(seconds);
      op.clock.advance(seconds);
    },
    async stop() {
      await app.stop();
      await close();
      clock.remove();
    },
  };
}
