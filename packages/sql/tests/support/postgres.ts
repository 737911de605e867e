import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { findProgram, postgresql } from '../../../../scripts/lib/programs/system-packages.ts';

/** A real PostgreSQL with an empty database. */
export interface TestPostgres {
  readonly url: string;
  /** Kills the server with SIGKILL, or SIGQUIT to its children. */
  kill(): Promise<void>;
  /** Starts the server again with the data that it had written. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** The user and group of the package. PostgreSQL does not run as root. */
function findAccount(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

export async function startTestPostgres(): Promise<TestPostgres> {
  const program = findProgram(postgresql);
  if (program === undefined)
    throw new Error('PostgreSQL is missing; install it, or name it in POSTGRES_PATH');
  const folder = mkdtempSync(join(tmpdir(), 'test-postgres-'));
  const account = findAccount();
  if (account) chownSync(folder, account.uid, account.gid);
  const data = join(folder, 'data');
  const port = await findFreePort();
  await promisify(execFile)(
    join(dirname(program), 'initdb'),
    ['-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C'],
    { cwd: folder, ...account },
  );
  const url = `postgresql://test@127.0.0.1:${port}/postgres`;
  let child: ReturnType<typeof spawn> | undefined;

  async function start(): Promise<void> {
    child = spawn(
      program as string,
      ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', folder],
      { stdio: 'ignore', cwd: folder, ...account },
    );
    const exited = once(child, 'exit').then(() => {
      throw new Error('PostgreSQL ended during its start');
    });
    exited.catch(() => {});
    for (;;) {
      const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
      client.on('error', () => {});
      const isReady = await Promise.race([
        client.connect().then(
          () => true,
          () => false,
        ),
        exited,
      ]);
      await client.end().catch(() => {});
      if (isReady) return;
    }
  }

  async function stop(signal: 'SIGKILL' | 'SIGQUIT'): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
    // After SIGKILL, the children notice the end of their parent, and the lock file stays.
    if (existsSync(join(data, 'postmaster.pid'))) rmSync(join(data, 'postmaster.pid'));
  }

  await start();
  return {
    url,
    kill: () => stop('SIGKILL'),
    start,
    async close() {
      await stop('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
