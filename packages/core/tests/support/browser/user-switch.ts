import { expect } from 'vitest';
import { createRandom } from '../random.ts';
import { type ApiCall, createWorld, type Tab, type World, type WorldOptions } from './browser-world.ts';

/** Sends one request of the application. Resolves to its status, or to the code of its error. */
export type SendRequest = (world: World, call: ApiCall) => Promise<string>;

/** The parameters of one run, derived from its seed. */
interface UserSwitchPlan extends WorldOptions {
  /** The tab in which the other user logs in, if any. */
  readonly bobIn: 0 | 1 | undefined;
  /** The tab in which the user logs out, if any. */
  readonly logoutIn: 0 | 1 | undefined;
  readonly refreshTokensEnd: boolean;
  readonly accessTokensEnd: boolean;
  readonly accessTokensRejected: boolean;
}

/** Only tokens in memory can be held by a worker: it ends with its page. */
const deployments = [
  { reach: 'memory', worker: false },
  { reach: 'memory', worker: true },
  { reach: 'tab', worker: false },
  { reach: 'shared', worker: false },
] as const;

function drawPlan(seed: number): UserSwitchPlan {
  const { next: random, pick } = createRandom(seed);
  const often = () => random() < 0.7;
  const half = () => random() < 0.5;
  return {
    seed,
    ...pick(deployments),
    dpop: half(),
    refreshTokens: often(),
    idTokensAtRefresh: half(),
    readsHints: half(),
    silentLogin: often(),
    bobIn: often() ? (half() ? 1 : 0) : undefined,
    logoutIn: random() < 0.3 ? (half() ? 1 : 0) : undefined,
    refreshTokensEnd: half(),
    accessTokensEnd: often(),
    accessTokensRejected: half(),
  };
}

/**
 * Runs the following in the order of the seed, with Alice signed in in both tabs: her requests, the expiry of her tokens,
 * the login of another user, a logout.
 *
 * @returns the violations
 */
async function runUserSwitch(
  world: World,
  plan: UserSwitchPlan,
  send: SendRequest,
): Promise<readonly string[]> {
  const { scheduler, tabs, provider, violations, calls } = world;
  const [first, second] = tabs;
  let isPrepared = false;
  const preparation = (async () => {
    await Promise.all(tabs.map(({ auth }) => auth.start()));
    await world.login(first, 'alice');
    if (plan.reach !== 'shared') await world.login(second, 'alice');
    isPrepared = true;
  })();
  await scheduler.run(
    () => {},
    () => isPrepared,
  );
  await preparation;

  const schedule = (name: string, action: () => unknown) => scheduler.step(name, action);
  const actors = [
    ...tabs.map((tab) => sendRequests(world, tab, send)),
    plan.accessTokensEnd && schedule('access tokens expire', () => world.advanceClock(61)),
    plan.accessTokensRejected &&
      schedule('the API rejects the previous tokens', () => provider.accepted.clear()),
    plan.refreshTokensEnd && schedule('refresh tokens are rejected', () => provider.rejectRefreshTokens()),
    plan.bobIn !== undefined &&
      world.login(tabs[plan.bobIn], 'bob').then(
        () => {},
        (error) => plan.logoutIn ?? violations.push(`the login of bob failed: ${error.code}`),
      ),
    plan.logoutIn !== undefined &&
      schedule('logout', () => tabs[plan.logoutIn as 0 | 1].auth.logout({ localOnly: true })),
  ];
  let done = 0;
  for (const actor of actors) void Promise.resolve(actor).finally(() => void done++);
  await scheduler.run(
    () => {},
    () => done === actors.length,
  );
  if (done < actors.length) violations.push('an operation does not end');
  for (const { outcome } of calls) {
    if (outcome && !/^(200|401|not_signed_in|session_ended|refresh_token_missing)$/.test(outcome))
      violations.push(`a request ended with ${outcome}`);
  }
  await checkEnd(world, plan);
  return violations;
}

/** Sends three requests and an upload from one tab. */
async function sendRequests(world: World, tab: Tab, send: SendRequest): Promise<void> {
  const all = [false, false, true, false].map((isUpload) =>
    world.scheduler.step(`${tab.name} sends ${isUpload ? 'an upload' : 'a request'}`, () => {
      const call = world.begin(tab, { isUpload });
      return send(world, call).then((outcome) => {
        call.outcome = outcome;
      });
    }),
  );
  await Promise.all(all);
}

/** Checks at the end that the snapshots agree with the stored tokens. */
async function checkEnd(
  { scheduler, tabs, violations, provider }: World,
  plan: UserSwitchPlan,
): Promise<void> {
  let isComplete = false;
  const comparison = (async () => {
    for (const { name, auth, storage } of tabs) {
      const stored = await storage.get(`countersign ${provider.issuer} spa tokens`);
      const { status, claims } = auth.snapshot();
      if (stored?.claims?.sub !== claims?.sub)
        violations.push(`${name} shows ${status} ${claims?.sub}, stored is ${stored?.claims?.sub}`);
      if (stored?.accessTokens.some(({ accessToken }) => !accessToken.includes(`.${stored.claims?.sub}.`)))
        violations.push('an access token is stored under the name of another user');
      const isLast = plan.bobIn === undefined && plan.logoutIn !== undefined;
      if (isLast && stored) violations.push(`${name} is signed in after the logout`);
    }
    isComplete = true;
  })();
  await scheduler.run(
    () => {},
    () => isComplete,
  );
  await comparison;
}

/** What successful and rejected requests must have covered, so that the orders are worth their names. */
const expectedCoverage = [
  'memory: 200',
  'worker: 200',
  'tab: 200',
  'shared: 200',
  'DPoP: 200',
  'upload: 200',
  'upload: 401',
  'worker: session_ended',
  'tab: session_ended',
  'shared: session_ended',
  'upload: session_ended',
];

function listCoverage({ calls }: World, { reach, worker, dpop }: UserSwitchPlan): readonly string[] {
  return calls.flatMap(({ outcome, upload }) => {
    const kinds = [worker ? 'worker' : reach, dpop && 'DPoP', upload && 'upload'];
    return kinds.filter(Boolean).map((kind) => `${kind}: ${outcome}`);
  });
}

export interface UserSwitchRuns {
  readonly runs: number;
  readonly seed: number;
  /** Default: that of core. */
  readonly connectWorker?: WorldOptions['connectWorker'];
}

/**
 * Runs many user switches in random orders, and expects no violation in any of them. Some requests succeed and some
 * fail. A failure names its seed: run it again with `FUZZ_SEED`.
 */
export async function expectNoViolations(
  { runs, seed, connectWorker }: UserSwitchRuns,
  createSender: () => SendRequest,
): Promise<void> {
  const coverage = new Set<string>();
  for (let run = 0; run < runs; run++) {
    const plan = drawPlan(seed + run);
    const world = await createWorld({ ...plan, ...(connectWorker && { connectWorker }) });
    const violations = await runUserSwitch(world, plan, createSender());
    for (const kind of listCoverage(world, plan)) coverage.add(kind);
    const context = violations.length > 0 && { plan, trace: world.scheduler.trace };
    expect(violations, `FUZZ_SEED=${seed + run}: ${JSON.stringify(context)}`).toEqual([]);
    for (const { auth } of world.tabs) auth.stop();
  }
  expect([...coverage]).toEqual(expect.arrayContaining(expectedCoverage));
}

/**
 * The seeds of two tests: the same orders in each run, and other orders in each run. `FUZZ_SEED` repeats the latter; its
 * value is in the name of the test.
 */
export const orderSeeds = [
  ['fixed', 1],
  ['random', Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))],
] as const;
