import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../../scripts/lib/ports.ts';

/** Starts a server in a folder of its own, and waits until it listens. */
export async function startProgram(
  command: string,
  args: (port: number) => readonly string[],
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'nest-test-'));
  const child = spawn(command, args(port), { cwd: directory, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', resolve).once('error', resolve));
  const kill = () => child.kill('SIGKILL');
  // Whatever ends this process ends the server.
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    kill();
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 600; tries++) {
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
