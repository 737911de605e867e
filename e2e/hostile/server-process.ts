import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { end } from '../support/next-web.ts';

/** A server under test, in a process of its own that can be asked for its memory. */
export interface ServerProcess {
  readonly origin: string;
  /** Bytes in use after a garbage collection. */
  memory(): Promise<number>;
  /** False after the process has ended. */
  isAlive(): boolean;
  /** The end of what it has printed. */
  output(): string;
  stop(): Promise<void>;
}

export interface ServerProcessOptions {
  readonly name: string;
  readonly origin: string;
  /** Arguments of `node`. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A path that answers with 200 when the server is ready. */
  readonly ready: string;
}

/** Characters of output that are kept. */
const outputAtMost = 20_000;

/** @throws Error with the server's output when it does not answer within a minute */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const { name, origin, args, cwd, environment, ready } = options;
  const folder = mkdtempSync(join(tmpdir(), 'countersign-heap-'));
  const probe = join(folder, 'heap.json');
  const preload = pathToFileURL(join(import.meta.dirname, 'heap-probe.ts')).href;
  const server = spawn(process.execPath, ['--import', preload, ...args], {
    cwd,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      HEAP_PROBE: probe,
      ...environment,
    },
  });
  let output = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-outputAtMost);
    });
  }
  const stop = async () => {
    await end(server);
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 600 && isRunning(server); tries++) {
    if ((await fetch(origin + ready).catch(() => undefined))?.ok) {
      return {
        origin,
        memory: () => readMemory(server, probe),
        isAlive: () => isRunning(server),
        output: () => output,
        stop,
      };
    }
    await delay(100);
  }
  await stop();
  throw new Error(`${name} did not answer at ${origin}:\n${output}`);
}

const isRunning = (server: ChildProcess) => server.exitCode === null && server.signalCode === null;

async function readMemory(server: ChildProcess, probe: string): Promise<number> {
  rmSync(probe, { force: true });
  server.kill('SIGUSR2');
  while (isRunning(server)) {
    const text = existsSync(probe) ? readFileSync(probe, 'utf8') : '';
    if (text !== '') return (JSON.parse(text) as { used: number }).used;
    await delay(20);
  }
  throw new Error('The server ended while its memory was measured.');
}
