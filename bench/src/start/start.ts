import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Benchmark, type Report, type RunOptions, require } from '../benchmark.ts';
import { here } from '../environment.ts';
import { rotate } from '../harness.ts';
import { format, formatSpread, spread } from '../statistics.ts';

interface Entry {
  readonly name: string;
  readonly imports: readonly string[];
  /** Modules that are loaded before. */
  readonly after?: readonly string[];
  /** Maximum time in milliseconds. */
  readonly limit?: number;
}

interface Cost {
  /** In milliseconds. */
  readonly time: number;
  readonly cpu: number;
  /** In megabytes. */
  readonly heap: number;
  readonly rss: number;
}

const next = ['next/server.js', 'next/headers.js', 'react'];
const nest = ['reflect-metadata', '@nestjs/common', '@nestjs/core'];

const entries: readonly Entry[] = [
  { name: '@countersign/core', imports: ['@countersign/core'], limit: 10 },
  { name: '@countersign/core/resource-server', imports: ['@countersign/core/resource-server'], limit: 20 },
  { name: '@countersign/core/session', imports: ['@countersign/core/session'], limit: 20 },
  { name: '@countersign/core/browser', imports: ['@countersign/core/browser'] },
  { name: '@countersign/core/node', imports: ['@countersign/core/node'] },
  { name: '@countersign/next over Next', imports: ['@countersign/next'], after: next, limit: 30 },
  { name: '@countersign/nest over Nest', imports: ['@countersign/nest'], after: nest },
  { name: 'oauth4webapi', imports: ['oauth4webapi'] },
  { name: 'openid-client', imports: ['openid-client'] },
  { name: 'jose', imports: ['jose'] },
  { name: 'jose/jwt/verify and jose/jwks/remote', imports: ['jose/jwt/verify', 'jose/jwks/remote'] },
  { name: 'fast-jwt', imports: ['fast-jwt'] },
  {
    name: 'passport + passport-jwt + jwks-rsa over Nest',
    imports: ['@nestjs/passport', 'passport-jwt', 'jwks-rsa'],
    after: nest,
  },
  { name: 'express-oauth2-jwt-bearer', imports: ['express-oauth2-jwt-bearer'] },
  { name: 'undici', imports: ['undici'] },
  { name: 'iron-session', imports: ['iron-session'] },
  { name: 'next-auth 4 over Next', imports: ['next-auth'], after: next },
  { name: '@auth0/nextjs-auth0/server over Next', imports: ['@auth0/nextjs-auth0/server'], after: next },
  { name: '@auth0/auth0-server-js', imports: ['@auth0/auth0-server-js'] },
  { name: 'better-auth', imports: ['better-auth'] },
];

const probe = fileURLToPath(new URL('probe.mjs', import.meta.url));
const execute = promisify(execFile);

export const benchmark: Benchmark = {
  name: 'start',
  title: 'Import time and memory',
  async run(options): Promise<Report> {
    const costs = await measureAll(options);
    const rows = entries.map(({ name }, index) => {
      const entryCosts = costs[index] as Cost[];
      const pick = (field: keyof Cost) => spread(entryCosts.map((cost) => cost[field]));
      return [
        name,
        formatSpread(pick('time')),
        format(pick('cpu').median),
        format(pick('heap').median),
        format(pick('rss').median),
      ];
    });
    return {
      tables: [
        {
          title: 'One import in a new process',
          head: ['entry', 'time, ms', 'CPU, ms', 'heap, MB', 'resident, MB'],
          rows,
        },
      ],
      limits: entries.flatMap(({ name, limit }, index) => {
        if (limit === undefined) return [];
        const { median } = spread((costs[index] as Cost[]).map(({ time }) => time));
        return {
          what: `${name}: at most ${limit} ms`,
          measured: `${format(median)} ms`,
          holds: median <= limit,
        };
      }),
      notes: [
        'Time from the call of `import()` to its completion, with files in the cache of the operating system. Heap is measured after a garbage collection. "Over" a framework means that the framework was loaded before.',
      ],
      packages: [
        'next',
        '@nestjs/core',
        'oauth4webapi',
        'openid-client',
        'jose',
        'fast-jwt',
        '@nestjs/passport',
        'passport-jwt',
        'jwks-rsa',
        'express-oauth2-jwt-bearer',
        'undici',
        'iron-session',
        'next-auth',
        '@auth0/nextjs-auth0',
        '@auth0/auth0-server-js',
        'better-auth',
      ],
    };
  },
};

async function measureAll({ smoke, progress }: RunOptions): Promise<Cost[][]> {
  const numbered = entries.map((entry, index) => ({ entry, index }));
  const costs: Cost[][] = entries.map(() => []);
  // The first round fills the file cache and does not count.
  for (let round = 0; round <= (smoke ? 0 : 15); round++) {
    for (const { entry, index } of rotate(numbered, round)) {
      progress(`round ${round}, ${entry.name}`);
      const cost = await importInProcess(entry);
      if (round > 0 || smoke) costs[index]?.push(cost);
    }
  }
  return costs;
}

async function importInProcess({ name, imports, after = [] }: Entry): Promise<Cost> {
  const args = ['--expose-gc', probe, after.join(), imports.join()];
  const { stdout } = await execute(process.execPath, args, { cwd: here });
  const cost = JSON.parse(stdout.trim().split('\n').at(-1) as string) as Cost;
  require(cost.time > 0, `${name} could not be imported`);
  return cost;
}
