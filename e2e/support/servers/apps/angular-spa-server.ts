import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { type RunningProvider, startProvider } from 'identity-provider';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { startNestApi } from './nest-api.ts';
import { end } from './next-web.ts';

export interface AngularSpaServers {
  /** The origin of the application. */
  readonly origin: string;
  readonly apiUrl: string;
  readonly provider: RunningProvider;
  stop(): Promise<void>;
}

/**
 * Starts the built application with an API and a provider that only it uses. Its content security policy permits both, so
 * that no browser has to bypass it: the option `bypassCSP` of Playwright has no effect in Firefox.
 *
 * @param environment - The variables of the application and the API.
 */
export async function startAngularSpa({
  app = {},
  api = {},
}: {
  readonly app?: Readonly<Record<string, string>>;
  readonly api?: Readonly<Record<string, string>>;
}): Promise<AngularSpaServers> {
  const port = String(await findFreePort());
  const origin = `http://localhost:${port}`;
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
  try {
    const provider = await startProvider({
      origins: { nextWeb: 'http://localhost:3000', angularSpa: origin },
    });
    stops.push(() => provider.close());
    const { issuer } = provider;
    const running = await startNestApi({ ISSUER: issuer, CORS_ORIGIN: origin, ...api });
    stops.push(() => running.stop());
    const server = spawn(process.execPath, ['serve.ts'], {
      cwd: join(import.meta.dirname, '../../../../apps/angular-spa'),
      env: { ...process.env, ISSUER: issuer, ANGULAR_SPA_PORT: port, API_URL: running.url, ...app },
      stdio: 'ignore',
    });
    stops.push(() => end(server));
    await expect
      .poll(async () => (await fetch(`${origin}/health`).catch(() => undefined))?.status, { timeout: 30_000 })
      .toBe(200);
    return { origin, apiUrl: running.url, provider, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
