import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { here } from '../environment.ts';
import type { Load, LoadResult, Target } from './load.ts';

/** A server in a separate process. */
export interface Server {
  readonly port: number;
  /** Reads the CPU time so far, in microseconds. */
  cpu(): Promise<number>;
  close(): void;
}

export interface LoadGenerator {
  run(load: Load): Promise<LoadResult[]>;
  close(): void;
}

export interface ServerProcess {
  /** The module of the process. */
  readonly file: string;
  readonly args: readonly string[];
  /** Arguments of Node. */
  readonly nodeArgs?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const reportCpu = fileURLToPath(new URL('report-cpu.mjs', import.meta.url));

/** Starts a server that reports its CPU time. It sends its port when it listens. */
export async function startServer(process: ServerProcess): Promise<Server> {
  const child = start({ ...process, nodeArgs: ['--import', reportCpu, ...(process.nodeArgs ?? [])] }, 0);
  const port = (await waitForMessage(child)) as number;
  return {
    port,
    cpu: () => {
      child.send('cpu');
      return waitForMessage(child) as Promise<number>;
    },
    close: () => child.disconnect(),
  };
}

export async function startLoadGenerator(): Promise<LoadGenerator> {
  const child = start({ file: fileURLToPath(new URL('load-process.ts', import.meta.url)), args: [] }, 1);
  await waitForMessage(child);
  return {
    run(load) {
      child.send(load);
      return waitForMessage(child) as Promise<LoadResult[]>;
    },
    close: () => child.disconnect(),
  };
}

/** The result and the CPU time of a server in a round. */
export interface Measured extends LoadResult {
  /** Microseconds of CPU per request. */
  readonly cpu: number;
}

/** Loads the servers alternately, and measures the result and CPU time of each. */
export async function measureLoad(
  generator: LoadGenerator,
  { servers, ...load }: { readonly servers: readonly (Target & Server)[] } & Omit<Load, 'targets'>,
): Promise<Measured[]> {
  const readCpuOfAll = () => Promise.all(servers.map((server) => server.cpu()));
  const firstReading = await readCpuOfAll();
  const targets = servers.map(({ port, requests }) => ({ port, requests }));
  const results = await generator.run({ ...load, targets });
  const lastReading = await readCpuOfAll();
  return results.map((result, index) => ({
    ...result,
    cpu: ((lastReading[index] as number) - (firstReading[index] as number)) / result.requests,
  }));
}

/** Starts a process, on a separate core if the machine has several cores and taskset. */
function start({ file, args, nodeArgs = [], environment = {} }: ServerProcess, core: number): ChildProcess {
  const child = fork(file, args, {
    cwd: here,
    execArgv: [...nodeArgs],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production', ...environment },
  });
  try {
    execFileSync('taskset', ['-a', '-p', '-c', String(core), String(child.pid)], { stdio: 'ignore' });
  } catch {
    // Without taskset, the scheduler chooses the core.
  }
  return child;
}

function waitForMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('A process of the benchmark has exited'));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}
