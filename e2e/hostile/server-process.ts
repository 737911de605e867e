import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { end } from '../support/servers/apps/next-web.ts';

/** A server under test in a separate process, which reports its memory. */
export interface ServerProcess {
  readonly origin: string;
  /** Returns the used bytes after a garbage collection. */
  memory(): Promise<number>;
  /** Returns false after the process has exited. */
  isAlive(): boolean;
  /** Returns the last part of the output. */
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
  /** A path that responds with a 2xx status when the server is ready. */
  readonly readyPath: string;
}

/** Maximum length of the stored output in characters. */
const maximumOutput = 20_000;

/** Starts a server. @throws Error with the output of the server if it does not respond within a minute. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const { name, origin, args, cwd, environment, readyPath } = options;
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
      output = (output + chunk).slice(-maximumOutput);
    });
  }
  const stop = async () => {
    await end(server);
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 600 && isRunning(server); tries++) {
    if ((await fetch(origin + readyPath).catch(() => undefined))?.ok) {
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
  throw new Error(`${name} did not respond at ${origin}:\n${output}`);
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
  throw new Error('The server exited during the memory measurement.');
}
