import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CookieToSet } from '@countersign/core/session';
import type { Kind, Moment, Outcome } from './application.ts';
import type { EventLog } from './event-log.ts';

export type Command =
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
  | { readonly what: 'kill-at'; readonly moment: Moment }
  | { readonly what: 'backchannel-logout'; readonly kind: Kind; readonly body: string };

/** The result of a logout. */
export interface LogoutOutcome {
  readonly cookies: readonly CookieToSet[];
  /** The error code if the session could not be ended. */
  readonly failure?: string;
}

/** Thrown if a process died before it responded. */
export class DeadWorker extends Error {}

export interface Worker {
  /** Unique, even among processes that replace dead ones. */
  readonly name: string;
  /** The origin at which it serves pages, for each kind of session. */
  readonly origins: Readonly<Record<Kind, string>>;
  requests(
    kind: Kind,
    cookie: string,
    options?: { readonly count?: number; readonly resource?: string },
  ): Promise<Outcome[]>;
  change(kind: Kind, cookie: string, data: Readonly<Record<string, string>>): Promise<Outcome>;
  logout(kind: Kind, cookie: string): Promise<LogoutOutcome>;
  send(command: Command): Promise<unknown>;
  /** Sends SIGKILL to the process, and waits until it has ended. */
  kill(): Promise<void>;
  /** Resolves when the process has ended and all its messages were received. */
  readonly ended: Promise<void>;
}

/** A message of a process: an event or the result of a command. */
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
  eventLog,
  ...options
}: {
  readonly issuer: string;
  readonly redisUrl: string;
  /** Milliseconds by which its clock is ahead. */
  readonly offset: number;
  /** Timeout of a request to the provider, in milliseconds. */
  readonly timeout: number;
  readonly eventLog: EventLog;
}): Promise<Worker> {
  const name = `worker-${++serial}`;
  const child: ChildProcess = fork(join(import.meta.dirname, 'worker.ts'), {
    env: { ...process.env, CHAOS_WORKER: JSON.stringify({ name, ...options }) },
  });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let dead = false;
  child.on('exit', (_, signal) => {
    dead = true;
    eventLog.recordExit(name, signal);
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
      eventLog.recordMoment(message.moment, message.request, message.text);
    if (message.storeOutage !== undefined) eventLog.storeOutages.push(message.storeOutage);
    if (message.id === undefined) return;
    waiting.get(message.id)?.resolve(message.result);
    waiting.delete(message.id);
  });
  const [{ origins }] = (await ready) as [Pick<Worker, 'origins'>];

  const send = (command: Command) =>
    new Promise<unknown>((resolve, reject) => {
      if (dead) return reject(new DeadWorker(name));
      waiting.set(++id, { resolve, reject });
      child.send({ id, command }, (error) => {
        if (error) reject(new DeadWorker(name));
      });
    });
  return {
    name,
    origins,
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
