import { fileURLToPath } from 'node:url';
import {
  type Benchmark,
  type Limit,
  type Report,
  type RunOptions,
  require,
  type Table,
} from '../benchmark.ts';
import type { Target } from '../load/load.ts';
import {
  type LoadGenerator,
  type Measured,
  measureLoad,
  type Server,
  startLoadGenerator,
  startServer,
} from '../load/processes.ts';
import { format, formatSpread, spread } from '../statistics.ts';
import { type Algorithm, startIssuer, type TestIssuer, tamper } from '../verify/tokens.ts';
import type { GuardName } from './guards.ts';
import type { ServerSettings } from './server-process.ts';

const guardTitles: Readonly<Record<GuardName, string>> = {
  open: 'no guard',
  nothing: 'a guard that does nothing',
  countersign: '@countersign/nest',
  'fast-jwt': 'fast-jwt with its cache',
  jose: 'jose',
  passport: 'passport-jwt + jwks-rsa',
};
const names = Object.keys(guardTitles) as GuardName[];
const platforms = ['fastify', 'express'] as const;
const algorithms: readonly Algorithm[] = ['RS256', 'ES256'];
/** Requests per second. */
const rate = 3000;
/** Maximum CPU time of the guard per request, in microseconds. */
const budget = { fastify: 6, express: 8 } as const;

const serverFile = fileURLToPath(new URL('server-process.ts', import.meta.url));

interface Samples {
  /** Microseconds of CPU per request, at a fixed rate. */
  readonly cpu: number[];
  /** Requests per second at full speed. */
  readonly throughput: number[];
  /** Microseconds of CPU per request at full speed. */
  readonly busy: number[];
}

export const benchmark: Benchmark = {
  name: 'nest',
  title: 'A guarded Nest route',
  async run(options): Promise<Report> {
    const load = await startLoadGenerator();
    const tables: Table[] = [];
    const limits: Limit[] = [];
    try {
      for (const platform of options.smoke ? (['fastify'] as const) : platforms) {
        for (const alg of options.smoke ? algorithms.slice(0, 1) : algorithms) {
          const samples = await measureServers({ platform, alg, load, ...options });
          tables.push(toTable(`${platform === 'fastify' ? 'Fastify' : 'Express'}, ${alg}`, samples));
          limits.push(...toLimits(platform, alg, samples));
        }
      }
    } finally {
      load.close();
    }
    return {
      tables,
      limits,
      notes: [
        `Each server is a separate process on one core, with three processes in sequence for each guard. The load comes from a process on the other core, with 200 different tokens over 32 connections. The servers of a round alternate in slots of 20 ms at the fixed rate, and of 100 ms at full speed. CPU is the CPU time of the server process per request at ${rate.toLocaleString('en-GB')} requests per second. The CPU of the guard is the difference to the server without a guard in the same round.`,
        'Before the measurement, each guarded server rejected a request without a token and one with a changed signature.',
      ],
      packages: [
        '@nestjs/core',
        '@nestjs/platform-fastify',
        '@nestjs/platform-express',
        '@nestjs/passport',
        'passport-jwt',
        'jwks-rsa',
        'jose',
        'fast-jwt',
      ],
    };
  },
};

interface Round extends RunOptions {
  readonly platform: ServerSettings['platform'];
  readonly alg: Algorithm;
  readonly load: LoadGenerator;
}

async function measureServers(round: Round): Promise<Record<GuardName, Samples>> {
  const { alg, smoke } = round;
  const from = await startIssuer(alg);
  const samples = {} as Record<GuardName, Samples>;
  for (const guard of names) samples[guard] = { cpu: [], throughput: [], busy: [] };
  try {
    // The memory layout of a process changes results by microseconds, so each guard runs in several processes.
    for (let number = 1; number <= (smoke ? 1 : 3); number++) {
      await measureProcesses(round, from, samples, number);
    }
  } finally {
    from.close();
  }
  return samples;
}

async function measureProcesses(
  { platform, alg, load, smoke, progress }: Round,
  from: TestIssuer,
  samples: Record<GuardName, Samples>,
  number: number,
): Promise<void> {
  const requests = Array.from({ length: smoke ? 10 : 200 }, () => requestWith(from.token()));
  const { jwksUri, publicPem } = from;
  const servers: (Server & Target)[] = [];
  try {
    for (const guard of names) {
      const settings: ServerSettings = { platform, guard, alg, jwksUri, publicPem };
      const server = await startServer({ file: serverFile, args: [JSON.stringify(settings)] });
      servers.push({ ...server, requests });
      if (guard !== 'open' && guard !== 'nothing') await check(guardTitles[guard], server, from);
    }
    const measure = async (how: { readonly slot: number; readonly rate?: number }) => {
      const results = await measureLoad(load, {
        servers,
        connections: 32,
        duration: smoke ? 100 : 500,
        ...how,
      });
      const all = names.map((guard, index) => ({ guard, ...(results[index] as Measured) }));
      for (const { guard, failures } of all)
        require(failures === 0, `${guardTitles[guard]} rejected ${failures} valid requests`);
      return all;
    };
    // The first rounds warm up and do not count.
    const warmUp = smoke ? 0 : 2;
    for (let round = 0; round < warmUp + (smoke ? 1 : 8); round++) {
      progress(`${platform}, ${alg}, processes ${number}, round ${round}`);
      const busy = await measure({ slot: 100 });
      const paced = await measure({ slot: 20, rate });
      if (round < warmUp) continue;
      for (const { guard, requests, elapsed, cpu } of busy) {
        samples[guard].busy.push(cpu);
        samples[guard].throughput.push((requests * 1000) / elapsed);
      }
      for (const { guard, cpu } of paced) samples[guard].cpu.push(cpu);
    }
  } finally {
    for (const server of servers) server.close();
  }
}

const requestWith = (token: string) =>
  `GET /items HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nAccept: application/json\r\n\r\n`;

async function check(name: string, { port }: Server, from: TestIssuer): Promise<void> {
  const status = async (headers: Record<string, string>) => {
    const response = await fetch(`http://127.0.0.1:${port}/items`, { headers });
    await response.text();
    return response.status;
  };
  const good = from.token();
  require((await status({ authorization: `Bearer ${good}` })) === 200, `${name} rejected a valid token`);
  require((await status({})) === 401, `${name} accepted a request without a token`);
  require((await status({ authorization: `Bearer ${tamper(good)}` })) ===
    401, `${name} accepted a changed token`);
}

/** Differences per round, so that load on the machine affects both values. */
const differences = (samples: readonly number[], base: readonly number[]) =>
  samples.map((value, index) => value - (base[index] as number));
const shares = (samples: readonly number[], base: readonly number[]) =>
  samples.map((value, index) => value / (base[index] as number));

function toTable(title: string, samples: Record<GuardName, Samples>): Table {
  const { open, nothing } = samples;
  return {
    title,
    head: [
      'guard',
      'CPU per request, us',
      'CPU of the guard, us',
      'requests per second',
      'ratio to a null guard',
      'CPU per request at full speed, us',
    ],
    rows: names.map((guard) => {
      const { cpu, throughput, busy } = samples[guard];
      return [
        guardTitles[guard],
        formatSpread(spread(cpu)),
        guard === 'open' ? '-' : formatSpread(spread(differences(cpu, open.cpu))),
        formatSpread(spread(throughput)),
        format(spread(shares(throughput, nothing.throughput)).median),
        formatSpread(spread(busy)),
      ];
    }),
  };
}

function toLimits(
  platform: 'fastify' | 'express',
  alg: Algorithm,
  { open, nothing, countersign }: Record<GuardName, Samples>,
): Limit[] {
  const added = spread(differences(countersign.cpu, open.cpu)).median;
  const share = spread(shares(countersign.throughput, nothing.throughput)).median;
  return [
    {
      what: `${platform}, ${alg}: at most ${budget[platform]} us more CPU than without a guard`,
      measured: `${format(added)} us`,
      holds: added <= budget[platform],
    },
    {
      what: `${platform}, ${alg}: at least 0.9 of a guard that does nothing`,
      measured: format(share),
      holds: share >= 0.9,
    },
  ];
}
