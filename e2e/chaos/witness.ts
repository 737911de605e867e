import type { TestRedis } from '../../packages/redis/tests/support/redis.ts';
import { hashOf, type Moment } from './application.ts';
import type { ChaosProvider } from './provider.ts';

/** What was seen of all processes of a scenario, by others than themselves where they may have died over it. */
export interface Witness {
  readonly away: string[];
  saw(moment: Moment, request: string, text: string | undefined): void;
  died(worker: string, signal: NodeJS.Signals | null): void;
  /** Processes that ended although nobody had killed them. */
  readonly crashed: string[];
  readonly dead: ReadonlySet<string>;
  has(moment: Moment, request: string): boolean;
  /** What was to be written to Redis of the answer to this request. */
  textsOf(request: string): readonly string[];
}

export function createWitness(): Witness {
  const seen = new Set<string>();
  const texts = new Map<string, string[]>();
  const dead = new Set<string>();
  const crashed: string[] = [];
  return {
    away: [],
    crashed,
    dead,
    saw(moment, request, text) {
      seen.add(`${moment} ${request}`);
      if (text !== undefined) texts.set(request, [...(texts.get(request) ?? []), text]);
    },
    died(worker, signal) {
      dead.add(worker);
      if (signal !== 'SIGKILL') crashed.push(worker);
    },
    has: (moment, request) => seen.has(`${moment} ${request}`),
    textsOf: (request) => texts.get(request) ?? [],
  };
}

export interface RedisWatch {
  /** Whether Redis has been given this text until now. */
  hasReceived(text: string): Promise<boolean>;
}

/** Long texts, as sealed sessions and successors are. */
const longTexts = /[\w.-]{100,}/g;

/** Redis' own account of what reached it. */
export async function watchRedis(redis: TestRedis): Promise<RedisWatch> {
  const [watcher, other] = [await redis.connect(), await redis.connect()];
  const received = new Set<string>();
  const marks = new Map<string, () => void>();
  let serial = 0;
  await watcher.monitor((line) => {
    for (const [text] of line.toString().matchAll(longTexts)) received.add(hashOf(text));
    const mark = /"echo" "(mark-\d+)"/i.exec(line.toString())?.[1];
    if (mark !== undefined) marks.get(mark)?.();
  });
  return {
    async hasReceived(text) {
      const mark = `mark-${++serial}`;
      // Whatever came before the mark has been seen with it.
      const reached = new Promise<void>((resolve) => marks.set(mark, resolve));
      await other.sendCommand(['ECHO', mark]);
      await reached;
      return received.has(hashOf(text));
    },
  };
}

/**
 * Whose fault it is that a session is lost. The provider ends a grant when a token comes that it has spent, so the last
 * token that it spent decides: its answer must be proven to have been lost on its way, or with a process that died
 * before it had handed anything of it to Redis or to the user. Everything else is ours.
 */
export async function whyLost(
  user: string,
  known: {
    readonly provider: ChaosProvider;
    readonly witness: Witness;
    readonly redis: RedisWatch;
    /** Access tokens that arrived at a user. */
    readonly delivered: ReadonlySet<string>;
  },
): Promise<{ readonly reason: string; readonly proven: boolean }> {
  const { witness } = known;
  const last = known.provider.spent.filter((refresh) => refresh.user === user).at(-1);
  const unproven = (why: string) => ({ reason: `${user}: ${why}`, proven: false });
  if (!last) return unproven('the provider had spent no token of it');
  const { request, token, answer } = last;
  if (token === undefined) return unproven('the provider spent a token and gave none');
  if (known.delivered.has(token)) return unproven('the last answer had reached the user');
  for (const text of witness.textsOf(request))
    if (await known.redis.hasReceived(text)) return unproven('the last answer had reached Redis');
  if (witness.has('settled', request)) return unproven('the process lived on without writing the answer');
  const received = witness.has('received', request);
  if (!received && answer === 'lost') return { reason: 'answer lost on its way', proven: true };
  if (!received && witness.has('given up', request))
    return { reason: 'answer came after the time-out', proven: true };
  if (witness.dead.has(last.worker)) return { reason: 'answer lost with its process', proven: true };
  return unproven(`the last answer was ${answer ?? 'not given'}, and nobody knows what became of it`);
}
