import { createClient } from '@countersign/core';
import { createMemorySessionStore, createWebSessions } from '@countersign/core/session';
import { createVerifiedTokenCache } from '../../../packages/core/src/api/verified-token-cache.ts';
import type { RunOptions, Table } from '../benchmark.ts';
import { require } from '../benchmark.ts';
import { measure, sequential } from '../harness.ts';
import { liveMemory } from '../memory.ts';
import { format, formatSpread } from '../statistics.ts';
import { flat } from '../verify/tokens.ts';

interface Growth {
  readonly table: Table;
  /** The dearest request over the cheapest. */
  readonly ratio: number;
}

interface Subject {
  /** Adds the entry of this number. */
  add(index: number): unknown;
  /** One request for an entry that was added last. */
  request(index: number): unknown;
  readonly size: () => number | string;
}

/** Cost of a request, and memory, after ever more entries were offered to a bounded store. */
async function grow(
  subject: Subject,
  title: string,
  sizes: readonly number[],
  options: RunOptions,
): Promise<Growth> {
  const rows: string[][] = [];
  const medians: number[] = [];
  const before = liveMemory();
  let offered = 0;
  for (const size of sizes) {
    options.progress(`${title}, ${size.toLocaleString('en-GB')}`);
    for (; offered < size; offered++) await subject.add(offered);
    const recent = Math.min(size, 200);
    let at = 0;
    const work = () => subject.request(size - 1 - (at++ % recent));
    const [measured] = await measure([{ name: title, run: sequential(work) }], { ...options, rounds: 9 });
    const time = measured?.time ?? { median: 0, low: 0, high: 0 };
    medians.push(time.median);
    const live = Math.max(0, liveMemory() - before);
    rows.push([
      size.toLocaleString('en-GB'),
      subject.size().toLocaleString('en-GB'),
      formatSpread(time),
      format(live),
    ]);
  }
  const head = ['offered', 'kept', 'one request, us', 'live memory, MB'];
  // One entry is always in the processor's cache; what a server sees begins with many.
  return { table: { title, head, rows }, ratio: Math.max(...medians) / Math.min(...medians) };
}

export async function growTokens(sizes: readonly number[], options: RunOptions): Promise<Growth> {
  const cache = createVerifiedTokenCache({ maxEntries: 20_000, maxCharacters: 32_000_000 });
  const head = 'h'.repeat(300);
  const body = 'p'.repeat(143);
  const tokenOf = (index: number) => flat(`${head}.${body}.${String(index).padStart(342, 's')}`);
  const key = { retired: false };
  const result = Promise.resolve({} as never);
  const recent = new Map<number, string>();
  return grow(
    {
      add(index) {
        const entry = {
          token: tokenOf(index),
          issuer: 'x',
          result,
          deadAt: Number.MAX_VALUE,
          key,
          keys: undefined,
        };
        cache.set(entry);
      },
      request(index) {
        let token = recent.get(index);
        if (token === undefined) {
          if (recent.size > 1000) recent.clear();
          token = tokenOf(index);
          recent.set(index, token);
        }
        const found = cache.get(token);
        require(found?.token === token, 'a token that was just added is gone');
        return found.result;
      },
      size: () => cache.size,
    },
    'Verified tokens, cache of 20,000',
    sizes,
    options,
  );
}

export async function growSessions(sizes: readonly number[], options: RunOptions): Promise<Growth> {
  const store = createMemorySessionStore();
  const now = Math.floor(Date.now() / 1000);
  const client = createClient({ issuer: 'https://id.example', clientId: 'web' });
  const sessions = createWebSessions(client, {
    baseUrl: 'https://app.example',
    secret: 'a secret of more than thirty-two characters',
    store,
  });
  const tokens = {
    accessTokens: [
      {
        accessToken: 'a'.repeat(800),
        tokenType: 'Bearer' as const,
        expiresAt: now + 86_000,
        scope: 'openid',
      },
    ],
    refreshToken: 'r'.repeat(64),
    claims: { iss: 'https://id.example', sub: 'user', aud: 'web', exp: now + 3600, iat: now },
    scope: 'openid offline_access',
    updatedAt: now,
  };
  const record = {
    version: 1,
    value: 'v'.repeat(2000),
    issuer: 'https://id.example',
    expiresAt: now + 86_000,
  };
  const cookies: string[] = [];
  return grow(
    {
      async add(index) {
        // The others are there to be many; those that are asked for are real.
        if (index % 100 !== 0 && index > 1000)
          return store.set(`key-${index}`, { ...record, sub: `user-${index}` }, 0);
        const [cookie] = await sessions.create(undefined, tokens);
        cookies.push(`${cookie?.name}=${cookie?.value}`);
        if (cookies.length > 500) cookies.shift();
      },
      async request(index) {
        const opened = await sessions.open(
          cookies[cookies.length - 1 - (index % Math.min(cookies.length, 200))],
        );
        require(opened.session?.user.sub === 'user', 'a session that was just started is gone');
      },
      size: () => '-',
    },
    'Stored sessions, memory store of 100,000',
    sizes,
    options,
  );
}
