import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CookieToSet } from '@countersign/core/session';
import type { Kind, Moment, Outcome } from './application.ts';
import type { Witness } from './witness.ts';

export type Order =
  | {
      readonly what: 'requests';
      readonly kind: Kind;
      readonly cookie: string;
      readonly count: number;
      readonly resource?: string | undefined;
    }
  | {
      readonly what: 'change';
      readonly kind: Kind;
      readonly cookie: string;
      readonly data: Readonly<Record<string, string>>;
    }
  | { readonly what: 'logout'; readonly kind: Kind; readonly cookie: string }
  | { readonly what: 'clock'; readonly offset: number }
  | { readonly what: 'die-at'; readonly moment: Moment }
  | { readonly what: 'backchannel-logout'; readonly kind: Kind; readonly body: string };

/** The result of a logout. */
export interface LogoutOutcome {
  readonly cookies: readonly CookieToSet[];
  /** The error code if the session could not be ended. */
  readonly failure?: string;
}

/** A process died before it responded. */
export class DeadWorker extends Error {}

export interface Worker {
  /** Unique, also among processes that replace dead ones. */
  readonly name: string;
  requests(
    kind: Kind,
    cookie: string,
    options?: { readonly count?: number; readonly resource?: string },
  ): Promise<Outcome[]>;
  change(kind: Kind, cookie: string, data: Readonly<Record<string, string>>): Promise<Outcome>;
  logout(kind: Kind, cookie: string): Promise<LogoutOutcome>;
  send(order: Order): Promise<unknown>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Resolves when the process has ended and all its messages were received. */
  readonly ended: Promise<void>;
}

/** A message of a process: an event or the result of an order. */
interface WorkerMessage {
  readonly id?: number;
  readonly result?: unknown;
  readonly moment?: Moment;
  readonly request?: string;
  readonly text?: string;
  readonly storeOutage?: string;
}

let serial = 0;

export async function startWorker({
  witness,
  ...options
}: {
  readonly issuer: string;
  readonly redisUrl: string;
  /** How far its clock is ahead, in milliseconds. */
  readonly offset: number;
  readonly witness: Witness;
}): Promise<Worker> {
  const name = `worker-${++serial}`;
  const child: ChildProcess = fork(join(import.meta.dirname, 'worker.ts'), {
    env: { ...process.env, CHAOS_WORKER: JSON.stringify({ name, ...options }) },
  });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let dead = false;
  child.on('exit', (_, signal) => {
    dead = true;
    witness.recordExit(name, signal);
    for (const { reject } of waiting.values()) reject(new DeadWorker(name));
    waiting.clear();
  });
  child.on('error', () => {});
  let id = 0;
  const ended = Promise.all([once(child, 'exit'), once(child, 'disconnect')]).then(() => {});
  const ready = Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${name} exited before it was ready`))),
  ]);
  child.on('message', (message: WorkerMessage) => {
    if (message.moment && message.request)
      witness.recordMoment(message.moment, message.request, message.text);
    if (message.storeOutage !== undefined) witness.storeOutages.push(message.storeOutage);
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
    ended,
    requests: (kind, cookie, { count = 1, resource } = {}) =>
      send({ what: 'requests', kind, cookie, count, resource }) as Promise<Outcome[]>,
    change: (kind, cookie, data) => send({ what: 'change', kind, cookie, data }) as Promise<Outcome>,
    logout: (kind, cookie) => send({ what: 'logout', kind, cookie }) as Promise<LogoutOutcome>,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
