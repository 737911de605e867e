import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import {
  type Benchmark,
  type Limit,
  type Report,
  type RunOptions,
  require,
  type Table,
} from '../benchmark.ts';
import {
  type LoadGenerator,
  type Measured,
  measureLoad,
  type Server,
  startLoadGenerator,
  startServer,
} from '../load/processes.ts';
import { format, formatSpread, spread } from '../statistics.ts';
import { appBaseUrl } from './application/lib/session-options.ts';
import { type LibraryName, sessions } from './sessions.ts';

const libraries: Readonly<Record<LibraryName, string>> = {
  open: 'no authentication, same request',
  bare: 'no authentication, no cookie',
  countersign: '@countersign/next',
  auth0: '@auth0/nextjs-auth0',
  authjs: 'Auth.js (next-auth 5)',
};
const names = Object.keys(libraries) as LibraryName[];

interface Place {
  readonly title: string;
  readonly path: string;
  readonly proxy: boolean;
  /** The Accept header of a browser or a script. */
  readonly accept: string;
}

const page = { path: '', accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const handler = { path: '/items', accept: 'application/json' };
const places: readonly Place[] = [
  { title: 'a page', ...page, proxy: false },
  { title: 'a route handler', ...handler, proxy: false },
  { title: 'a page behind the proxy', ...page, proxy: true },
  { title: 'a route handler behind the proxy', ...handler, proxy: true },
];

interface Samples {
  /** Requests per second. */
  readonly throughput: number[];
  /** In milliseconds. */
  readonly p99: number[];
  /** In microseconds per request. */
  readonly cpu: number[];
}

const application = fileURLToPath(new URL('application', import.meta.url));
const nextProgram = createRequire(import.meta.url).resolve('next/dist/bin/next');
const connections = 8;
/** The memory layout of a process changes results by one percent, so each library runs in several processes. */
const processes = 6;
/** Warm-up rounds of each process, which do not count. */
const warmUp = 4;
/** Measured rounds of each process. */
const rounds = 4;

export const benchmark: Benchmark = {
  name: 'next',
  title: 'A protected page and a route handler of Next',
  async run({ smoke, progress }): Promise<Report> {
    require(existsSync(`${application}/.next/BUILD_ID`), 'the application is not built: use --build');
    const load = await startLoadGenerator();
    const cookies = {} as Record<LibraryName, string>;
    for (const name of names) cookies[name] = await sessions[name]();
    const samples = places.map(emptySamples);
    try {
      for (let number = 1; number <= (smoke ? 1 : processes); number++) {
        const report = (what: string) => progress(`processes ${number}, ${what}`);
        await measureProcesses({ load, cookies, samples, smoke, progress: report });
      }
    } finally {
      load.close();
    }
    return {
      tables: places.map(({ title }, index) =>
        toTable(title, samples[index] as Record<LibraryName, Samples>),
      ),
      limits: places.map(({ title }, index) =>
        toLimit(title, samples[index] as Record<LibraryName, Samples>),
      ),
      notes: [
        `One application, built once and served by \`next start\`, with six processes in sequence for each library, on one core. The load comes from a process on the other core, over ${connections} connections, as fast as the server responds, in slots of 100 ms. Each page shows 20 links and the name of the user, and is rendered for each request, even without authentication.`,
        'All sessions contain the same tokens. Without authentication, the application receives the request of a signed-in user of Countersign, so that the ratio shows the cost of the library, and also a request without cookies. Behind the proxy: the proxy of each library, as documented, and a proxy that does nothing without authentication. The ratio is computed in each round.',
        'Before the measurement, each library rejected a request without a cookie and one with a changed cookie, at every place.',
      ],
      packages: ['next', 'react', '@auth0/nextjs-auth0', 'next-auth-5'],
    };
  },
};

interface RunningMeasurement extends RunOptions {
  readonly load: LoadGenerator;
  readonly cookies: Readonly<Record<LibraryName, string>>;
  /** Samples by place. */
  readonly samples: readonly Record<LibraryName, Samples>[];
}

/** Starts a process for each library and measures them alternately. */
async function measureProcesses({
  load,
  cookies,
  samples,
  smoke,
  progress,
}: RunningMeasurement): Promise<void> {
  const servers: Server[] = [];
  try {
    for (const name of names) {
      const server = await startNext();
      servers.push(server);
      for (const place of places) await check(name, server, place, cookies[name]);
    }
    for (let round = 0; round < (smoke ? 1 : warmUp + rounds); round++) {
      for (const [index, place] of places.entries()) {
        progress(`round ${round}, ${place.title}`);
        const results = await measureLoad(load, {
          servers: servers.map((server, index) => {
            const name = names[index] as LibraryName;
            return { ...server, requests: [requestText(name, place, cookies[name])] };
          }),
          connections,
          duration: smoke ? 50 : 500,
          slot: 100,
        });
        for (const [at, name] of names.entries()) {
          const { requests, failures, elapsed, p99, cpu } = results[at] as Measured;
          require(failures ===
            0, `${libraries[name]} rejected ${failures} valid requests for ${place.title}`);
          if (round < warmUp && !smoke) continue;
          const into = (samples[index] as Record<LibraryName, Samples>)[name];
          into.cpu.push(cpu);
          into.throughput.push((requests * 1000) / elapsed);
          into.p99.push(p99);
        }
      }
    }
  } finally {
    for (const server of servers) server.close();
  }
}

const emptySamples = () =>
  Object.fromEntries(names.map((name) => [name, { throughput: [], p99: [], cpu: [] }])) as unknown as Record<
    LibraryName,
    Samples
  >;

const startNext = () =>
  startServer({
    file: nextProgram,
    args: ['start', application, '--port', '0', '--hostname', '127.0.0.1'],
    environment: { AUTH_URL: appBaseUrl, NEXT_TELEMETRY_DISABLED: '1' },
  });

function createHeaders({ proxy, accept }: Place, cookie: string): Record<string, string> {
  return { accept, ...(cookie !== '' && { cookie }), ...(proxy && { 'x-proxy': '1' }) };
}

function requestText(name: LibraryName, place: Place, cookie: string): string {
  const headers = Object.entries(createHeaders(place, cookie)).map(
    ([header, value]) => `${header}: ${value}\r\n`,
  );
  return `GET /${getPath(name)}${place.path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${headers.join('')}\r\n`;
}

async function check(name: LibraryName, { port }: Server, place: Place, cookie: string): Promise<void> {
  const send = async (value: string) => {
    const headers = createHeaders(place, value);
    const url = `http://127.0.0.1:${port}/${getPath(name)}${place.path}`;
    const response = await fetch(url, { headers, redirect: 'manual' });
    return { status: response.status, text: await response.text() };
  };
  const what = `${libraries[name]}, ${place.title}`;
  const good = await send(cookie);
  require(good.status === 200 && good.text.includes('Item 20'), `${what}: rejected a valid session`);
  if (!needsSession(name)) return;
  require(good.text.includes('Alice Adams'), `${what}: does not show the user`);
  const at = Math.floor(cookie.length / 2);
  const changed = cookie.slice(0, at) + (cookie[at] === 'A' ? 'B' : 'A') + cookie.slice(at + 1);
  for (const [value, which] of [
    ['', 'a request without a cookie'],
    [changed, 'a changed cookie'],
  ] as const) {
    const { status, text } = await send(value);
    require(status !== 200 && !text.includes('Item 20'), `${what}: accepted ${which}`);
  }
}

const needsSession = (name: LibraryName) => name !== 'open' && name !== 'bare';

/** The path of its page. Without authentication, both requests use one page. */
const getPath = (name: LibraryName) => (needsSession(name) ? name : 'open');

const toRatios = ({ open }: Record<LibraryName, Samples>, { throughput }: Samples) =>
  throughput.map((value, index) => value / (open.throughput[index] as number));

function toTable(title: string, samples: Record<LibraryName, Samples>): Table {
  return {
    title: title.charAt(0).toUpperCase() + title.slice(1),
    head: ['library', 'requests per second', 'ratio to no authentication', 'p99, ms', 'CPU per request, us'],
    rows: names.map((name) => {
      const { throughput, p99, cpu } = samples[name];
      return [
        libraries[name],
        formatSpread(spread(throughput)),
        formatSpread(spread(toRatios(samples, samples[name]))),
        formatSpread(spread(p99)),
        formatSpread(spread(cpu)),
      ];
    }),
  };
}

function toLimit(title: string, samples: Record<LibraryName, Samples>): Limit {
  const share = spread(toRatios(samples, samples.countersign)).median;
  return {
    what: `${title}: at least 0.9 of no authentication`,
    measured: format(share),
    holds: share >= 0.9,
  };
}
