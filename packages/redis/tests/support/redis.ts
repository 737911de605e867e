import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly processId: number;
  /** Connects another client, like another process. It is closed with the server. */
  connect(): Promise<ReturnType<typeof createClient>>;
  /** Kills the server with SIGKILL. */
  kill(): Promise<void>;
  /** Starts the server again with the data that it had written. */
  start(): Promise<void>;
  /** Stops or continues the process (SIGSTOP, SIGCONT): a stopped server accepts connections and does not respond. */
  freeze(frozen: boolean): void;
  close(): Promise<void>;
}

export interface TestServer {
  readonly name: string;
  readonly command: string;
}

/** Redis, and Valkey if it is installed. */
export const servers: readonly [TestServer, ...TestServer[]] = [
  { name: 'Redis', command: process.env.REDIS_SERVER_PATH || 'redis-server' },
  ...findValkey(),
];

function findValkey(): TestServer[] {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  const command =
    process.env.VALKEY_SERVER_PATH ||
    folders.map((folder) => join(folder, 'valkey-server')).find((path) => existsSync(path));
  return command === undefined ? [] : [{ name: 'Valkey', command }];
}

/** Starts a real server on a free port. It writes its append-only file at each command. */
export async function startTestRedis(
  options: {
    readonly cluster?: boolean;
    readonly server?: TestServer;
    /** The port of the master. */
    readonly replicaOf?: number;
  } = {},
): Promise<TestRedis> {
  const { command } = options.server ?? servers[0];
  const directory = mkdtempSync(join(tmpdir(), 'test-redis-'));
  const port = await findFreePort();
  const url = `redis://127.0.0.1:${port}`;
  const clients: ReturnType<typeof createClient>[] = [];
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const settings = `--port ${port} --bind 127.0.0.1 --dir ${directory} --save  --appendonly yes --appendfsync always${options.cluster ? ' --cluster-enabled yes' : ''}${options.replicaOf ? ` --replicaof 127.0.0.1 ${options.replicaOf}` : ''}`;
    child = spawn(command, settings.split(' '), { stdio: 'ignore' });
    child.once('error', () => {});
    for (let tries = 0; tries < 200; tries++) {
      const probe = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 500 } });
      probe.on('error', () => {});
      let info: string;
      try {
        await probe.connect();
        info = await probe.info('server');
        await probe.close();
      } catch {
        probe.destroy();
        await sleep(50);
        continue;
      }
      // Another program may use the port now.
      if (!info.includes(`process_id:${child.pid}\r\n`))
        throw new Error(`Port ${port} is used by another program`);
      return;
    }
    throw new Error(
      `${command} did not start; install it, or name it in REDIS_SERVER_PATH or VALKEY_SERVER_PATH`,
    );
  }

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  await start();
  // The server ends with this process.
  const killAtExit = () => void child?.kill('SIGKILL');
  process.once('exit', killAtExit);
  return {
    url,
    port,
    get processId() {
      return child?.pid ?? 0;
    },
    async connect() {
      const client = createClient({ url, socket: { reconnectStrategy: () => 50 } });
      client.on('error', () => {});
      await client.connect();
      clients.push(client as ReturnType<typeof createClient>);
      return client as ReturnType<typeof createClient>;
    },
    kill,
    start,
    freeze(frozen) {
      child?.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
    },
    async close() {
      for (const client of clients) client.destroy();
      await kill();
      process.off('exit', killAtExit);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
