import { createMemorySessionStore } from '@countersign/core/session';
import { createTextCache } from '../../../packages/core/src/internal/text-cache.ts';
import type { CachedToken } from '../../../packages/core/src/resource-server/caches/verified-tokens.ts';
import { type RunOptions, require, type Table } from '../benchmark.ts';
import { type Measured, measure, sequential } from '../harness.ts';
import { measureLiveMemory } from '../memory.ts';
import { format, formatSpread } from '../statistics.ts';
import { flat } from '../verify/tokens.ts';
import { createSampleSessions } from './sample-sessions.ts';

interface Growth {
  readonly table: Table;
  /** Ratio of the slowest to the fastest request. */
  readonly ratio: number;
  /** Ratio of the live memory with the most entries to that with the second most. */
  readonly memoryRatio: number;
}

interface Subject {
  /** Adds the entry with this index. */
  add(index: number): unknown;
  /** Requests one of the most recent entries. */
  request(index: number): unknown;
  /** Returns the count of stored entries, if known. */
  readonly size?: () => number;
}

/** Fills a subject for each size, then measures them alternately. */
async function grow(
  create: () => Subject,
  title: string,
  sizes: readonly number[],
  options: RunOptions,
): Promise<Growth> {
  const filled = [];
  for (const size of sizes) {
    options.progress(`${title}, filling ${size.toLocaleString('en-GB')}`);
    const initialMemory = measureLiveMemory();
    const subject = create();
    for (let index = 0; index < size; index++) await subject.add(index);
    filled.push({ size, subject, memory: measureLiveMemory() - initialMemory });
  }
  const contenders = filled.map(({ size, subject }) => {
    const recent = Math.min(size, 200);
    let at = 0;
    return { name: String(size), run: sequential(() => subject.request(size - 1 - (at++ % recent))) };
  });
  const measured = await measure(contenders, options);
  const medians = measured.map(({ time }) => time.median);
  const rows = filled.map(({ size, subject, memory }, index) => [
    size.toLocaleString('en-GB'),
    subject.size?.().toLocaleString('en-GB') ?? '-',
    formatSpread((measured[index] as Measured).time),
    format(Math.max(0, memory)),
  ]);
  const head = ['added', 'stored', 'one request, us', 'live memory, MB'];
  const [first, last] = filled.slice(-2).map(({ memory }) => memory) as [number, number];
  return {
    table: { title, head, rows },
    ratio: Math.max(...medians) / Math.min(...medians),
    memoryRatio: last / first,
  };
}

export const growTokens = (sizes: readonly number[], options: RunOptions): Promise<Growth> =>
  grow(createTokens, 'Verified tokens, cache of 20,000', sizes, options);

function createTokens(): Subject {
  const cache = createTextCache<CachedToken>({ maxEntries: 20_000, maxCharacters: 32_000_000 });
  const start = `${'h'.repeat(300)}.${'p'.repeat(143)}.`;
  // The last character of a signature contains few bits and does not distinguish tokens.
  const createToken = (index: number) => flat(`${start}${String(index).padStart(341, 's')}A`);
  const key = { isRetired: false };
  const result = Promise.resolve({} as never);
  const requestedTokens = new Map<number, string>();
  return {
    add(index) {
      cache.set({
        text: createToken(index),
        issuer: 'x',
        verifiedToken: {} as never,
        result,
        expiresAt: Number.MAX_VALUE,
        key,
        keys: undefined,
        request: undefined,
      });
    },
    request(index) {
      const token = requestedTokens.get(index) ?? createToken(index);
      requestedTokens.set(index, token);
      const cachedValue = cache.get(token);
      require(cachedValue?.text === token, 'a recent token is missing');
      return cachedValue.result;
    },
    size: () => cache.size,
  };
}

export const growSessions = (sizes: readonly number[], options: RunOptions): Promise<Growth> =>
  grow(createSessions, 'Stored sessions, memory store of 100,000', sizes, options);

function createSessions(): Subject {
  const store = createMemorySessionStore();
  const sessions = createSampleSessions(store);
  const expiresAt = Math.floor(Date.now() / 1000) + 86_000;
  const record = { version: 1, value: 'v'.repeat(2000), issuer: 'https://id.example', expiresAt };
  const cookies: string[] = [];
  return {
    async add(index) {
      // Most entries only fill the store. The requested ones are valid sessions.
      if (index % 100 !== 0 && index > 1000) {
        await store.set(`key-${index}`, { ...record, sub: `user-${index}` }, 0);
        return;
      }
      cookies.push(await sessions.start());
      if (cookies.length > 200) cookies.shift();
    },
    async request(index) {
      const requestSession = await sessions.web.open(cookies[index % cookies.length]);
      require(requestSession.session?.user.sub === 'user', 'a recent session is missing');
    },
  };
}
