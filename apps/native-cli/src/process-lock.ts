import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RefreshLock } from '@countersign/core';

/** SQLITE_BUSY: somebody else has the database. */
const busy = 5;

/**
 * A lock between processes of this user. The operating system holds it (through SQLite's file lock), so that it is free
 * again the moment its process dies, however it dies.
 */
export function createProcessLock(home: string): RefreshLock {
  const path = join(home, 'refresh.lock');
  const held = new Map<string, { database: DatabaseSync; timer: NodeJS.Timeout }>();

  const tryAcquire = (): DatabaseSync | undefined => {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'a', 0o600));
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
      return database;
    } catch (error) {
      database.close();
      if ((error as { errcode?: number }).errcode === busy) return undefined;
      throw error;
    }
  };
  const free = (name: string) => {
    const holder = held.get(name);
    if (!holder) return;
    held.delete(name);
    clearTimeout(holder.timer);
    holder.database.close();
  };

  return {
    // There is one login, so the key needs no file of its own.
    async acquire(key, { owner, timeToLive, wait }) {
      const name = `${key} ${owner}`;
      const end = performance.now() + wait;
      for (;;) {
        const database = tryAcquire();
        if (database) {
          const timer = setTimeout(free, timeToLive, name).unref();
          held.set(name, { database, timer });
          return true;
        }
        if (performance.now() >= end) return false;
        await sleep(20 + Math.random() * 30);
      }
    },
    async release(key, owner) {
      free(`${key} ${owner}`);
    },
  };
}
