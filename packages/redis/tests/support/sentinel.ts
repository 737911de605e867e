import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSentinel } from 'redis';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { servers, type TestRedis } from './redis.ts';

export interface TestSentinel {
  connect(): Promise<ReturnType<typeof createSentinel>>;
  close(): Promise<void>;
}

/** Starts a Sentinel that watches this master. It never promotes a replica, because there is none. */
export async function startTestSentinel(master: TestRedis): Promise<TestSentinel> {
  const folder = mkdtempSync(join(tmpdir(), 'test-sentinel-'));
  const port = await findFreePort();
  const file = join(folder, 'sentinel.conf');
  writeFileSync(
    file,
    `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor main 127.0.0.1 ${master.port} 1\n`,
  );
  const child = spawn(servers[0].command, [file, '--sentinel'], { stdio: 'ignore' });
  const clients: ReturnType<typeof createSentinel>[] = [];
  return {
    async connect() {
      const client = createSentinel({
        name: 'main',
        sentinelRootNodes: [{ host: '127.0.0.1', port }],
        // The Sentinel may still be starting.
        maxCommandRediscovers: 100,
      });
      client.on('error', () => {});
      await client.connect();
      clients.push(client as ReturnType<typeof createSentinel>);
      return client as ReturnType<typeof createSentinel>;
    },
    async close() {
      for (const client of clients) client.destroy();
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
