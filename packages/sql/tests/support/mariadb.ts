import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { run } from '../../../../scripts/lib/processes/process.ts';
import { findProgram, mariadb } from '../../../../scripts/lib/programs/system-packages.ts';

/** A real MariaDB with an empty database. */
export interface TestMariadb {
  readonly url: string;
  close(): Promise<void>;
}

export async function startTestMariadb(): Promise<TestMariadb> {
  const program = findProgram(mariadb);
  if (program === undefined) throw new Error('MariaDB is missing; install it, or name it in MARIADB_PATH');
  const folder = mkdtempSync(join(tmpdir(), 'test-mariadb-'));
  const data = join(folder, 'data');
  const port = await findFreePort();
  const account = process.getuid?.() === 0 ? ['--user=root'] : [];
  const install = await run({
    command: 'mariadb-install-db',
    args: [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      ...account,
    ],
    cwd: folder,
  });
  if (install.code !== 0) throw new Error(`mariadb-install-db failed\n${install.output}`);
  const child = spawn(
    program,
    [
      '--no-defaults',
      `--datadir=${data}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(folder, 'socket')}`,
      `--pid-file=${join(folder, 'pid')}`,
      ...account,
    ],
    { stdio: 'ignore', cwd: folder },
  );
  const exited = once(child, 'exit').then(() => {
    throw new Error('MariaDB ended during its start');
  });
  exited.catch(() => {});
  for (;;) {
    const connection = await Promise.race([
      createConnection({ host: '127.0.0.1', port, user: 'root', connectTimeout: 1_000 }).catch(
        () => undefined,
      ),
      exited,
    ]);
    if (connection === undefined) continue;
    await connection.query('create database test');
    await connection.end();
    break;
  }
  return {
    url: `mysql://root@127.0.0.1:${port}/test`,
    async close() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
