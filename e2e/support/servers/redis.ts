import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../../scripts/lib/processes/ports.ts';
import { findProgram, redis } from '../../../scripts/lib/programs/system-packages.ts';
import { end } from './apps/next-web.ts';

export interface RunningRedis {
  readonly url: string;
  /** Stops the server. Can be called repeatedly. */
  readonly stop: () => Promise<void>;
}

/** Starts a Redis without persistence. Clients wait until it responds. */
export async function startRedis(): Promise<RunningRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'redis-'));
  const port = await findFreePort();
  const server = spawn(
    findProgram(redis) ?? 'redis-server',
    ['--port', String(port), '--save', '', '--dir', directory],
    { stdio: 'ignore' },
  );
  return {
    url: `redis://localhost:${port}`,
    async stop() {
      await end(server);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
