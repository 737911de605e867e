import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RefreshLock } from '@countersign/core';

/** SQLITE_BUSY: another connection holds the database lock. */
const sqliteBusy = 5;

/**
 * Creates a lock between processes of this user. It is a file lock of the operating system (through SQLite), so it is
 * released when its process ends, even after a crash.
 */
export function createProcessLock(home: string): RefreshLock {
  const path = join(home, 'refresh.lock');
  const acquired = new Map<string, { database: DatabaseSync; timer: NodeJS.Timeout }>();

  const tryAcquire = (): DatabaseSync | undefined => {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'a', 0o600));
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
      return database;
    } catch (error) {
      database.close();
      if ((error as { errcode?: number }).errcode === sqliteBusy) return undefined;
      throw error;
    }
  };
  const free = (name: string) => {
    const entry = acquired.get(name);
    if (!entry) return;
    acquired.delete(name);
    clearTimeout(entry.timer);
    entry.database.close();
  };

  return {
    // There is one login, so all keys share one file.
    async acquire(key, { owner, timeToLive, wait }) {
      const name = `${key} ${owner}`;
      const deadline = performance.now() + wait;
      for (;;) {
        const database = tryAcquire();
        if (database) {
          const timer = setTimeout(free, timeToLive, name).unref();
          acquired.set(name, { database, timer });
          return true;
        }
        if (performance.now() >= deadline) return false;
        await sleep(20 + Math.random() * 30);
      }
    },
    async release(key, owner) {
      free(`${key} ${owner}`);
    },
  };
}
