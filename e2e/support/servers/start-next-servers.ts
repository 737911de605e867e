import { mkdirSync, rmSync } from 'node:fs';
import { logs } from '../environment.ts';
import { accessTokenLifetime, clockFile, openServerClock } from './clock/next-server-clock.ts';
import { startServers } from './start-servers.ts';

/** Starts next-web, its provider and its API. Tests advance the clock of these servers. */
export default async function startNextServers(): Promise<() => Promise<void>> {
  rmSync(clockFile, { force: true });
  mkdirSync(logs, { recursive: true });
  const { environment } = openServerClock();
  return startServers({
    names: ['identity-provider', 'nest-api', 'next-web'],
    accessTokenLifetime,
    environment,
  });
}
