import {
  type Benchmark,
  type Report,
  type RunOptions,
  require,
  requireRejection,
  type Table,
} from '../benchmark.ts';
import { concurrent, type Measured, measure, sequential } from '../harness.ts';
import { format, formatSpread } from '../statistics.ts';
import { type Algorithm, flat, startIssuer, type TestIssuer, tamper } from './tokens.ts';
import {
  cacheSize,
  countersign,
  expressBearer,
  fastJwt,
  jose,
  jsonwebtoken,
  passportJwt,
  type Verifier,
} from './verifiers.ts';

type Results = Pick<Report, 'tables' | 'limits'>;

const algorithms: readonly Algorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA'];

export const benchmark: Benchmark = {
  name: 'verify',
  title: 'Verifying an access token',
  async run(options) {
    const warm = await runWarm(options);
    const cold: Results[] = [];
    for (const alg of algorithms) cold.push(await runCold(alg, options));
    return {
      tables: [...warm.tables, ...cold.flatMap(({ tables }) => tables)],
      limits: [...warm.limits, ...cold.flatMap(({ limits }) => limits)],
      notes: [
        'Microseconds per call. CPU is the CPU time of all threads. The key set was loaded over HTTP from the same machine before. fast-jwt gets the key directly.',
        `Warm: each token was verified before, and is copied to other memory for each call, as in a new request. Both caches hold ${cacheSize.toLocaleString('en-GB')} tokens. Only Countersign and fast-jwt have such a cache. The others verify the signature each time.`,
        'Cold: each token is new. Before the measurement, each contender rejected a token with a changed signature, an expired one and one for another audience.',
      ],
      packages: [
        'jose',
        'fast-jwt',
        'jsonwebtoken',
        'jwks-rsa',
        'passport',
        'passport-jwt',
        'express-oauth2-jwt-bearer',
      ],
    };
  },
};

async function runWarm(options: RunOptions): Promise<Results> {
  const from = await startIssuer('RS256');
  const many = Array.from({ length: options.smoke ? 50 : 10_000 }, () => from.token());
  const again = many.map(flat);
  const hot = Array.from({ length: 64 }, () => flat(many[0] as string));
  const guardTitles = [
    ...countersign(from),
    fastJwt(from, true),
    fastJwt(from, false),
    jose(from),
    jsonwebtoken(from),
    passportJwt(from),
    expressBearer(from),
  ];
  for (const each of guardTitles) await check(each, from);
  const hotResults = await measureWarm(guardTitles, many.slice(0, 1), hot, options);
  const manyResults = await measureWarm(guardTitles, many, again, options);
  from.close();
  const rows = hotResults.map(({ name, time, cpu }, index) => {
    const many = manyResults[index] as Measured;
    return [name, formatSpread(time), format(cpu.median), formatSpread(many.time), format(many.cpu.median)];
  });
  const [oursHot, oursMany] = [median(hotResults, 0), median(manyResults, 0)];
  const competitor = 'fast-jwt with its cache';
  const ratioHot = findMedian(hotResults, competitor) / oursHot;
  const ratioMany = findMedian(manyResults, competitor) / oursMany;
  return {
    tables: [
      {
        title: 'Warm, RS256',
        head: ['verifier', 'one token, us', 'CPU, us', '10,000 tokens, us', 'CPU, us'],
        rows,
      },
    ],
    limits: [
      limit('one token: at most 0.5 us', oursHot, 0.5),
      limit('10,000 tokens: at most 1 us', oursMany, 1),
      atLeast('4 times faster than fast-jwt with its cache, one token', ratioHot, 4),
      atLeast('4 times faster than fast-jwt with its cache, 10,000 tokens', ratioMany, 4),
    ],
  };
}

async function measureWarm(
  guardTitles: readonly Verifier[],
  first: readonly string[],
  again: readonly string[],
  options: RunOptions,
): Promise<Measured[]> {
  const contenders = [];
  for (const { name, verify } of guardTitles) {
    if (/countersign|its cache/.test(name)) for (const token of first) await verify(token);
    let at = 0;
    const next = () => {
      at = at + 1 === again.length ? 0 : at + 1;
      return verify(again[at] as string);
    };
    contenders.push({ name, run: sequential(next) });
  }
  return measure(contenders, options);
}

async function runCold(alg: Algorithm, options: RunOptions): Promise<Results> {
  const from = await startIssuer(alg);
  // Without a cache, every call verifies the signature of a repeated token.
  const guardTitles = [
    ...countersign(from, 0).slice(0, 1),
    jose(from),
    fastJwt(from, false),
    jsonwebtoken(from),
    passportJwt(from),
    expressBearer(from),
  ].filter(({ supports }) => supports.includes(alg));
  for (const each of guardTitles) await check(each, from);
  const tokens = Array.from({ length: options.smoke ? 8 : 512 }, () => from.token());
  const contenders = guardTitles.flatMap(({ name, verify }) => {
    let at = 0;
    const next = () => verify(tokens[at++ % tokens.length] as string);
    return [
      { name: `${name} 1`, run: sequential(next) },
      { name: `${name} 64`, run: concurrent(64, next) },
    ];
  });
  const results = await measure(contenders, { ...options, slot: 60 });
  from.close();
  const rows = guardTitles.map(({ name }, index) => {
    const [one, wide] = [results[2 * index] as Measured, results[2 * index + 1] as Measured];
    return [
      name,
      formatSpread(one.time),
      formatSpread(one.cpu),
      formatSpread(wide.time),
      formatSpread(wide.cpu),
    ];
  });
  const [ours1, ours64, jose1, jose64] = results.slice(0, 4) as [Measured, Measured, Measured, Measured];
  const limits = [
    noSlower(`${alg}, one at a time: no slower than jose`, ours1.time.median, jose1.time.median),
    noSlower(`${alg}, 64 at a time: no slower than jose`, ours64.time.median, jose64.time.median),
  ];
  if (alg === 'RS256' || alg === 'PS256') {
    limits.push(
      noSlower(`${alg}, one at a time: at most half of jose's CPU`, ours1.cpu.median, jose1.cpu.median / 2),
      noSlower(`${alg}, 64 at a time: at most half of jose's CPU`, ours64.cpu.median, jose64.cpu.median / 2),
    );
  }
  const head = ['verifier', 'one at a time, us', 'CPU, us', '64 at a time, us', 'CPU, us'];
  return { tables: [{ title: `Cold, ${alg}`, head, rows } satisfies Table], limits };
}

/** Stops the benchmark if a verifier accepts an invalid token. */
async function check({ name, verify }: Verifier, from: TestIssuer): Promise<void> {
  const good = from.token();
  require(await verify(good), `${name} rejected a valid token`);
  require(await verify(flat(good)), `${name} rejected a valid token the second time`);
  await requireRejection(() => verify(tamper(good)), `${name}: a changed signature`);
  await requireRejection(
    () => verify(from.token({ aud: 'https://other.example' })),
    `${name}: another audience`,
  );
  const past = Math.floor(Date.now() / 1000) - 600;
  await requireRejection(
    () => verify(from.token({ exp: past, iat: past - 60 })),
    `${name}: an expired token`,
  );
}

const median = (results: readonly Measured[], index: number) => (results[index] as Measured).time.median;
const findMedian = (results: readonly Measured[], name: string) =>
  median(
    results,
    results.findIndex((each) => each.name === name),
  );
const limit = (what: string, value: number, most: number) => ({
  what,
  measured: `${format(value)} us`,
  holds: value <= most,
});
const atLeast = (what: string, value: number, least: number) => ({
  what,
  measured: `${format(value)} times`,
  holds: value >= least,
});
const noSlower = (what: string, ours: number, bound: number) => ({
  what,
  measured: `${format(ours)} us, compared with ${format(bound)} us`,
  holds: ours <= bound * 1.05,
});
