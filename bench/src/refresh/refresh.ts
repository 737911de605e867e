import {
  type Benchmark,
  type Limit,
  type Report,
  type RunOptions,
  require,
  type Table,
} from '../benchmark.ts';
import { rotate } from '../harness.ts';
import { format, formatSpread, spread } from '../statistics.ts';
import { createLibraries, type Library } from './libraries.ts';
import { type BenchProvider, issuer, startBenchProvider } from './provider.ts';

interface Outcome {
  readonly tokenRequests: number;
  readonly successes: number;
  /** Milliseconds until the last response. */
  readonly time: number;
  /** Whether the session could be refreshed again. */
  readonly isValid: boolean;
}

export const benchmark: Benchmark = {
  name: 'refresh',
  title: 'Parallel requests with one expired session',
  async run(options): Promise<Report> {
    const provider = await startBenchProvider();
    try {
      const libraries = createLibraries();
      const tables: Table[] = [];
      const limits: Limit[] = [];
      for (const width of options.smoke ? [5] : [1, 50, 1000]) {
        const outcomes = await measureAll(libraries, { width, provider, ...options });
        tables.push({
          title: width === 1 ? 'One request' : `${width.toLocaleString('en-GB')} parallel requests`,
          head: ['library', 'token requests', 'valid tokens', 'last response, ms', 'session after'],
          rows: libraries.map(({ name }, index) => row(name, outcomes[index] as Outcome[])),
        });
        const ours = outcomes[0] as Outcome[];
        for (const each of ours)
          require(each.isValid && each.successes === width, 'a Countersign session was lost');
        limits.push({
          what: `${width} requests: one token request, all requests successful, session valid`,
          measured: ours.map(({ tokenRequests }) => tokenRequests).join(', '),
          holds: ours.every((each) => each.tokenRequests === 1),
        });
      }
      return {
        tables,
        limits: options.smoke ? [] : limits,
        notes: [
          'Each request sends the session whose access token has expired, and requests an access token. The provider is node-oidc-provider in a separate process, with rotation: it revokes the grant when a used refresh token is sent again (RFC 9700 section 4.14.2). A token is valid if the provider accepts it after the last response.',
          'auth0-server-js and better-auth store the session in memory on the server, the others in the cookie. Discovery is not measured.',
        ],
        packages: ['@auth0/nextjs-auth0', 'next-auth', '@auth0/auth0-server-js', 'better-auth'],
      };
    } finally {
      provider.close();
    }
  },
};

type MeasureOptions = RunOptions & { readonly width: number; readonly provider: BenchProvider };

async function measureAll(libraries: readonly Library[], options: MeasureOptions): Promise<Outcome[][]> {
  const numbered = libraries.map((library, index) => ({ library, index }));
  const outcomes: Outcome[][] = libraries.map(() => []);
  for (const library of libraries) {
    const first = await measureOne(library, { ...options, width: 1 });
    require(first.successes === 1 &&
      first.isValid, `${library.name} cannot refresh a session for one request`);
  }
  for (let round = 0; round < (options.smoke ? 1 : 5); round++) {
    options.progress(`${options.width} requests, round ${round + 1}`);
    for (const { library, index } of rotate(numbered, round)) {
      outcomes[index]?.push(await measureOne(library, options));
    }
  }
  return outcomes;
}

async function measureOne(library: Library, { width, provider }: MeasureOptions): Promise<Outcome> {
  const session = await library.start(await provider.createRefreshToken());
  const requestsBefore = await provider.tokenRequests();
  const start = performance.now();
  const responses = await Promise.allSettled(Array.from({ length: width }, () => session.request()));
  const time = performance.now() - start;
  const tokenRequests = (await provider.tokenRequests()) - requestsBefore;
  const tokens = responses.flatMap((response) => (response.status === 'fulfilled' ? [response.value] : []));
  const working = new Map<string, boolean>();
  for (const token of new Set(tokens)) working.set(token, await isAccepted(token));
  const isValid = await session.later().then(isAccepted, () => false);
  return { tokenRequests, successes: tokens.filter((token) => working.get(token)).length, time, isValid };
}

async function isAccepted(token: string): Promise<boolean> {
  const response = await fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${token}` } });
  return response.ok;
}

function row(name: string, outcomes: readonly Outcome[]): string[] {
  const range = (values: readonly number[]) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return low === high ? format(low).replace(/\.0+$/, '') : `${low} to ${high}`;
  };
  const isValid = outcomes.filter((each) => each.isValid).length;
  return [
    name,
    range(outcomes.map((each) => each.tokenRequests)),
    range(outcomes.map((each) => each.successes)),
    formatSpread(spread(outcomes.map((each) => each.time))),
    isValid === outcomes.length
      ? 'valid'
      : isValid === 0
        ? 'lost'
        : `valid in ${isValid} of ${outcomes.length}`,
  ];
}
