import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Load, LoadResult } from './load-process.ts';
import type { ServerSettings } from './server-process.ts';

export interface Server {
  readonly port: number;
  /** CPU time so far, in microseconds. */
  cpu(): Promise<number>;
  close(): void;
}

export interface LoadGenerator {
  run(load: Load): Promise<LoadResult>;
  close(): void;
}

export async function startServer(settings: ServerSettings): Promise<Server> {
  const child = await start('server-process.ts', [JSON.stringify(settings)], 0);
  const port = (await answer(child)) as number;
  return {
    port,
    cpu: () => {
      child.send('cpu');
      return answer(child) as Promise<number>;
    },
    close: () => child.disconnect(),
  };
}

export async function startLoadGenerator(): Promise<LoadGenerator> {
  const child = await start('load-process.ts', [], 1);
  await answer(child);
  return {
    run(load) {
      child.send(load);
      return answer(child) as Promise<LoadResult>;
    },
    close: () => child.disconnect(),
  };
}

/** A process of its own, on a core of its own where the machine has several and can say so. */
async function start(file: string, args: readonly string[], core: number): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  try {
    execFileSync('taskset', ['-a', '-p', '-c', String(core), String(child.pid)], { stdio: 'ignore' });
  } catch {
    // Without taskset the scheduler decides.
  }
  return child;
}

function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('A process of the benchmark has ended'));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}
