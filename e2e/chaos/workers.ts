import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CookieToSet } from '@countersign/core/session';
import type { Kind, Outcome } from './application.ts';

export type Order =
  | {
      readonly what: 'requests';
      readonly kind: Kind;
      readonly cookie: string;
      readonly count: number;
      readonly resource?: string | undefined;
    }
  | { readonly what: 'logout'; readonly kind: Kind; readonly cookie: string }
  | { readonly what: 'clock'; readonly offset: number }
  | { readonly what: 'die-at-next-answer' };

/** A process died before it answered. */
export class DeadWorker extends Error {}

export interface Worker {
  /** Unique: a process that is started in place of a dead one has another. */
  readonly name: string;
  requests(
    kind: Kind,
    cookie: string,
    options?: { readonly count?: number; readonly resource?: string },
  ): Promise<Outcome[]>;
  logout(kind: Kind, cookie: string): Promise<readonly CookieToSet[]>;
  send(order: Order): Promise<unknown>;
  /** SIGKILL. */
  kill(): Promise<void>;
  readonly dead: boolean;
}

/** What all processes of a scenario have seen. */
export interface Witness {
  /** Hashes of the access tokens that arrived at a process. */
  readonly received: Set<string>;
  /** Ports whose store a process took to be away. */
  readonly away: string[];
}

let serial = 0;

export async function startWorker({
  witness,
  ...options
}: {
  readonly issuer: string;
  readonly redisUrl: string;
  /** Milliseconds that its clock is ahead. */
  readonly offset: number;
  readonly witness: Witness;
}): Promise<Worker> {
  const name = `worker-${++serial}`;
  const child: ChildProcess = fork(join(import.meta.dirname, 'worker.ts'), {
    env: { ...process.env, CHAOS_WORKER: JSON.stringify({ name, ...options }) },
  });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let dead = false;
  child.on('exit', () => {
    dead = true;
    for (const { reject } of waiting.values()) reject(new DeadWorker(name));
    waiting.clear();
  });
  child.on('error', () => {});
  let id = 0;
  const ready = Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended before it was ready`))),
  ]);
  child.on('message', (message: { id?: number; result?: unknown; received?: string; away?: string }) => {
    if (message.received !== undefined) witness.received.add(message.received);
    if (message.away !== undefined) witness.away.push(message.away);
    if (message.id === undefined) return;
    waiting.get(message.id)?.resolve(message.result);
    waiting.delete(message.id);
  });
  await ready;

  const send = (order: Order) =>
    new Promise<unknown>((resolve, reject) => {
      if (dead) return reject(new DeadWorker(name));
      waiting.set(++id, { resolve, reject });
      child.send({ id, order }, (error) => {
        if (error) reject(new DeadWorker(name));
      });
    });
  return {
    name,
    send,
    get dead() {
      return dead;
    },
    requests: (kind, cookie, { count = 1, resource } = {}) =>
      send({ what: 'requests', kind, cookie, count, resource }) as Promise<Outcome[]>,
    logout: (kind, cookie) => send({ what: 'logout', kind, cookie }) as Promise<CookieToSet[]>,
    async kill() {
      if (dead) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}
