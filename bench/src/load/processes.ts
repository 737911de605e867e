import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { here } from '../environment.ts';
import type { Load, LoadResult, Target } from './load-process.ts';

/** A server in a process of its own. */
export interface Server {
  readonly port: number;
  /** CPU time so far, in microseconds. */
  cpu(): Promise<number>;
  close(): void;
}

export interface LoadGenerator {
  run(load: Load): Promise<LoadResult[]>;
  close(): void;
}

export interface ServerProcess {
  /** The module that it runs. */
  readonly file: string;
  readonly args: readonly string[];
  /** Arguments of Node itself. */
  readonly nodeArgs?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const reportCpu = fileURLToPath(new URL('report-cpu.mjs', import.meta.url));

/** Starts a server that is asked for its CPU time; it sends its port as soon as it listens. */
export async function startServer(process: ServerProcess): Promise<Server> {
  const child = start({ ...process, nodeArgs: ['--import', reportCpu, ...(process.nodeArgs ?? [])] }, 0);
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
  const child = start({ file: fileURLToPath(new URL('load-process.ts', import.meta.url)), args: [] }, 1);
  await answer(child);
  return {
    run(load) {
      child.send(load);
      return answer(child) as Promise<LoadResult[]>;
    },
    close: () => child.disconnect(),
  };
}

/** What one server did for the load of a round. */
export interface Measured extends LoadResult {
  /** Microseconds of CPU per request. */
  readonly cpu: number;
}

/** Puts load on servers in turns, and says what each did and used. */
export async function measureLoad(
  generator: LoadGenerator,
  { servers, ...load }: { readonly servers: readonly (Target & Server)[] } & Omit<Load, 'targets'>,
): Promise<Measured[]> {
  const cpuOfAll = () => Promise.all(servers.map((server) => server.cpu()));
  const before = await cpuOfAll();
  const targets = servers.map(({ port, requests }) => ({ port, requests }));
  const results = await generator.run({ ...load, targets });
  const after = await cpuOfAll();
  return results.map((result, index) => ({
    ...result,
    cpu: ((after[index] as number) - (before[index] as number)) / result.requests,
  }));
}

/** A process of its own, on a core of its own where the machine has several and can say so. */
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
