import type { TestRedis } from '../../packages/redis/tests/support/redis.ts';
import { type Moment, toHash } from './application.ts';
import type { ChaosProvider } from './provider.ts';

/** Records the events of all processes of a scenario. It is in the parent process, so that it remains when a process is killed. */
export interface EventLog {
  readonly storeOutages: string[];
  recordMoment(moment: Moment, request: string, text: string | undefined): void;
  recordExit(worker: string, signal: NodeJS.Signals | null): void;
  /** Processes that ended without being killed. */
  readonly crashed: string[];
  readonly dead: ReadonlySet<string>;
  has(moment: Moment, request: string): boolean;
  /** The texts that the response to this request had to write to Redis. */
  getTexts(request: string): readonly string[];
}

export function createEventLog(): EventLog {
  const reached = new Set<string>();
  const texts = new Map<string, string[]>();
  const dead = new Set<string>();
  const crashed: string[] = [];
  return {
    storeOutages: [],
    crashed,
    dead,
    recordMoment(moment, request, text) {
      reached.add(`${moment} ${request}`);
      if (text !== undefined) texts.set(request, [...(texts.get(request) ?? []), text]);
    },
    recordExit(worker, signal) {
      dead.add(worker);
      if (signal !== 'SIGKILL') crashed.push(worker);
    },
    has: (moment, request) => reached.has(`${moment} ${request}`),
    getTexts: (request) => texts.get(request) ?? [],
  };
}

export interface RedisWatch {
  /** Whether Redis has received this text. */
  hasReceived(text: string): Promise<boolean>;
}

/** Matches long texts, such as sealed sessions and successors. */
const longTexts = /[\w.-]{100,}/g;

/** Observes the commands that Redis receives. */
export async function watchRedis(redis: TestRedis): Promise<RedisWatch> {
  const [watcher, other] = [await redis.connect(), await redis.connect()];
  const received = new Set<string>();
  const marks = new Map<string, () => void>();
  let serial = 0;
  await watcher.monitor((line) => {
    for (const [text] of line.toString().matchAll(longTexts)) received.add(toHash(text));
    const mark = /"echo" "(mark-\d+)"/i.exec(line.toString())?.[1];
    if (mark !== undefined) marks.get(mark)?.();
  });
  return {
    async hasReceived(text) {
      const mark = `mark-${++serial}`;
      // All earlier commands have been received when the mark arrives.
      const reached = new Promise<void>((resolve) => marks.set(mark, resolve));
      await other.sendCommand(['ECHO', mark]);
      await reached;
      return received.has(toHash(text));
    },
  };
}

/**
 * Explains why a session was lost. The provider revokes a grant when a used refresh token is sent again. Two causes outside
 * of this repository can be proven. The last response was lost in transit, or its process ended before it sent a part of the
 * response to Redis or to the user.
 */
export async function explainLoss(
  user: string,
  sources: {
    readonly provider: ChaosProvider;
    readonly eventLog: EventLog;
    readonly redis: RedisWatch;
    /** Hashes of the access tokens that users received. */
    readonly delivered: ReadonlySet<string>;
  },
): Promise<{ readonly reason: string; readonly proven: boolean }> {
  const { eventLog } = sources;
  const last = sources.provider.spent.filter((refresh) => refresh.user === user).at(-1);
  const toUnproven = (reason: string) => ({ reason: `${user}: ${reason}`, proven: false });
  if (!last) return toUnproven('the provider has no used token of this user');
  const { request, token, delivery } = last;
  if (token === undefined) return toUnproven('the provider used a token and issued none');
  if (sources.delivered.has(token)) return toUnproven('the user had received the last response');
  for (const text of eventLog.getTexts(request))
    if (await sources.redis.hasReceived(text)) return toUnproven('Redis had received the last response');
  if (eventLog.has('settled', request))
    return toUnproven('the process did not write the response and did not die');
  const received = eventLog.has('received', request);
  if (!received && delivery === 'lost') return { reason: 'response lost in transit', proven: true };
  if (!received && eventLog.has('timed out', request))
    return { reason: 'response after the timeout', proven: true };
  if (eventLog.dead.has(last.worker)) return { reason: 'response lost with its process', proven: true };
  return toUnproven(`the last response was ${delivery ?? 'not sent'}, and whether it arrived is unknown`);
}
