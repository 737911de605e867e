import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { urls } from '../../environment.ts';
import { end } from './next-web.ts';

/** Starts another process of the built API with additional environment variables. */
export async function startNestApi(
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const port = String(await findFreePort());
  const url = `http://localhost:${port}`;
  const server = spawn(process.execPath, ['dist/main.js'], {
    cwd: join(import.meta.dirname, '../../../../apps/nest-api'),
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NEST_API_PORT: port,
      ISSUER: urls.identityProvider,
      CORS_ORIGIN: `${urls.angularSpa},${urls.angularSsr}`,
      ...environment,
    },
    stdio: 'ignore',
  });
  await expect
    .poll(async () => (await fetch(`${url}/health`).catch(() => undefined))?.status, { timeout: 30_000 })
    .toBe(200);
  return { url, stop: () => end(server) };
}
