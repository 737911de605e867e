import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '../../../../../scripts/lib/processes/ports.ts';

export interface Program {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

interface StartProgramOptions {
  /** Writes the files of the program before it starts. */
  readonly prepare?: (directory: string, port: number) => void | Promise<void>;
  /** Additional environment variables. */
  readonly env?: (directory: string, port: number) => Readonly<Record<string, string>>;
}

/** Starts a server in a temporary folder, and waits until it listens. */
export async function startProgram(
  command: string,
  args: (port: number) => readonly string[],
  { prepare, env }: StartProgramOptions = {},
): Promise<Program> {
  const port = await findFreePort();
  const directory = mkdtempSync(join(tmpdir(), 'nest-test-'));
  await prepare?.(directory, port);
  const child = spawn(command, args(port), {
    cwd: directory,
    stdio: 'ignore',
    // A separate process group, so that a script and the server that it starts end together.
    detached: true,
    env: { ...process.env, ...env?.(directory, port) },
  });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => child.once('exit', resolve).once('error', resolve)).then(
    () => {
      hasEnded = true;
    },
  );
  const kill = () => killGroup(child.pid);
  // The server ends with this process.
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    kill();
    await ended;
    // A helper process of the server may still write files.
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  for (let tries = 0; tries < 600 && !hasEnded; tries++) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return { port, stop };
    } catch {
      await delay(50);
    } finally {
      socket.destroy();
    }
  }
  await stop();
  throw new Error(`${command} did not start`);
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // No process of the group is left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
