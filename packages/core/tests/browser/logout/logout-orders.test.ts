// @platforms node: the scheduler of the suite uses `setImmediate`.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AuthError } from '../../../src/errors.ts';
import { createWorld, type Tab, type World, type WorldOptions } from '../../support/browser/browser-world.ts';
import type { User } from '../../support/browser/user-provider.ts';
import { orderSeeds } from '../../support/browser/user-switch.ts';
import { createRandom } from '../../support/random.ts';

// A logout at each step of each operation: each read and write of the storage, each message between tabs, lock, proof,
// frame, request and response.

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

type Tabs = readonly [Tab, Tab];

/** Operations that begin in the state that `prepare` creates, before the logout. */
interface Scenario {
  /** Default: Alice is signed in in both tabs. */
  prepare?(world: World): Promise<Tabs | undefined>;
  begin(world: World, tabs: Tabs): readonly Promise<unknown>[];
}

async function signInBoth(world: World): Promise<undefined> {
  const [first, second] = world.tabs;
  await Promise.all(world.tabs.map(({ auth }) => auth.start()));
  await world.login(first, 'alice');
  if (first.storage !== second.storage) await world.login(second, 'alice');
}

async function reloadBoth(world: World): Promise<Tabs> {
  await signInBoth(world);
  return [world.tabs[0].reload(), world.tabs[1].reload()];
}

/** Logs a user in at the provider. The page has not received the response yet. */
async function approveLogin({ provider, tabs: [first] }: World, user: User): Promise<void> {
  provider.session = user;
  await first.auth.login();
  callback = provider.approve(first.readLastUrl() ?? '');
}
let callback: string;

const requestBoth = (tabs: Tabs) => tabs.map(({ auth }) => auth.getAccessToken());
const startBoth = (tabs: Tabs) => tabs.map(({ auth }) => auth.start());

const scenarios: Readonly<Record<string, Scenario>> = {
  'a refresh in both tabs': {
    begin(world, tabs) {
      world.advanceClock(61);
      return requestBoth(tabs);
    },
  },
  'refreshes for two resources': {
    begin: (_, [first, second]) => [
      first.auth.getAccessToken({ resource: 'https://a.example' }),
      second.auth.getAccessToken({ resource: 'https://b.example' }),
    ],
  },
  'a silent login after a rejected refresh token': {
    begin(world, tabs) {
      world.advanceClock(61);
      world.provider.rejectRefreshTokens();
      return requestBoth(tabs);
    },
  },
  'the start of the pages with stored tokens': {
    prepare: reloadBoth,
    begin: (_, tabs) => startBoth(tabs),
  },
  'the start of the pages with expired tokens': {
    async prepare(world) {
      const tabs = await reloadBoth(world);
      world.advanceClock(61);
      world.provider.rejectRefreshTokens();
      return tabs;
    },
    begin: (_, tabs) => [...startBoth(tabs), ...requestBoth(tabs)],
  },
  'the start of the pages without tokens': {
    async prepare({ provider }) {
      provider.session = 'alice';
      return undefined;
    },
    begin: (_, tabs) => [...startBoth(tabs), ...requestBoth(tabs)],
  },
  'a login in the first tab': {
    async prepare(world) {
      await Promise.all(startBoth(world.tabs));
      await approveLogin(world, 'alice');
      return undefined;
    },
    begin: (_, [first]) => [first.auth.handleCallback(callback)],
  },
  'a login while the page starts': {
    async prepare(world) {
      await approveLogin(world, 'alice');
      return undefined;
    },
    begin: (_, tabs) => [...startBoth(tabs), tabs[0].auth.handleCallback(callback)],
  },
  'another login of the same user': {
    async prepare(world) {
      await signInBoth(world);
      await approveLogin(world, 'alice');
      return undefined;
    },
    begin: (_, [first, second]) => [first.auth.handleCallback(callback), second.auth.getAccessToken()],
  },
  'a login of another user': {
    async prepare(world) {
      await signInBoth(world);
      await approveLogin(world, 'bob');
      return undefined;
    },
    begin: (_, [first, second]) => [first.auth.handleCallback(callback), second.auth.getAccessToken()],
  },
};

/** Runs a scenario, and logs a tab out after a number of steps. */
async function play(options: WorldOptions, { prepare = signInBoth, begin }: Scenario, plan: Plan) {
  const world = await createWorld(options);
  const { scheduler, provider } = world;
  const violations: string[] = [];
  let tabs: Tabs = world.tabs;
  let isPrepared = false;
  const preparation = (async () => {
    tabs = (await prepare(world)) ?? tabs;
    isPrepared = true;
  })();
  await scheduler.run(
    () => {},
    () => isPrepared,
  );
  await preparation;

  const start = scheduler.trace.length;
  const tabOfLogout = tabs[plan.logoutIn] as Tab;
  let state: 'before' | 'during' | 'after' = 'before';
  const operations = begin(world, tabs);
  let running = operations.length + 1;
  for (const operation of operations) {
    operation
      .then(
        () => {},
        (error: AuthError) => {
          if (!/^(session_ended|not_signed_in|refresh_token_missing)$/.test(error.code))
            violations.push(`an operation failed with ${error.code}: ${error.message}`);
        },
      )
      .finally(() => void running--);
  }
  const logOut = () => {
    state = 'during';
    tabOfLogout.auth.logout({ localOnly: plan.localOnly }).then(
      () => {
        state = 'after';
        running--;
        const [page] = tabOfLogout.readLastUrl()?.split('?') ?? [];
        const isProviderShown = page === provider.metadata.end_session_endpoint;
        if (isProviderShown === plan.localOnly)
          violations.push(`${tabOfLogout.name} shows ${page} after the logout`);
      },
      (error: AuthError) => violations.push(`the logout failed with ${error.code}`),
    );
  };
  const check = () => {
    if (state === 'before' && scheduler.trace.length - start >= plan.atStep) logOut();
    if (state !== 'before' && tabOfLogout.auth.snapshot().status === 'signed-in')
      violations.push(`${tabOfLogout.name} is signed in ${state} the logout`);
  };
  await scheduler.run(check, () => running === 0);
  const isAfterLastStep = state === 'before';
  if (isAfterLastStep) logOut();
  // The logout may have begun after the last step of the operations.
  await scheduler.run(check, () => running === 0);
  if (running > 0) violations.push(`${running} operations never settle`);

  let isRead = false;
  const key = `countersign ${provider.issuer} spa tokens`;
  const finalCheck = (async () => {
    for (const { name, auth, storage } of tabs) {
      if (auth.snapshot().status !== 'signed-out') violations.push(`${name} is ${auth.snapshot().status}`);
      if (await storage.get(key)) violations.push(`the storage of ${name} has tokens`);
    }
    isRead = true;
  })();
  await scheduler.run(
    () => {},
    () => isRead,
  );
  await finalCheck;
  for (const { auth } of tabs) auth.stop();
  return { violations, isAfterLastStep, trace: scheduler.trace.slice(start) };
}

interface Plan {
  readonly logoutIn: 0 | 1;
  /** The session at the provider remains. */
  readonly localOnly: boolean;
  /** Steps before the logout. */
  readonly atStep: number;
}

const options = {
  seed: 1,
  dpop: false,
  refreshTokens: true,
  readsHints: true,
  silentLogin: true,
  isOrdered: true,
};
const deployments = [
  ['memory', { reach: 'memory', worker: false }],
  ['memory, with a worker', { reach: 'memory', worker: true }],
  ['tab', { reach: 'tab', worker: false }],
  ['shared', { reach: 'shared', worker: false }],
] as const;
const cases = Object.entries(scenarios).flatMap(([name, scenario]) =>
  deployments.map(([storage, deployment]) => [name, storage, { scenario, deployment }] as const),
);
const kinds = [
  { kind: 'a logout of the application', localOnly: true },
  { kind: 'a logout at the provider', localOnly: false },
];

describe.each(kinds)('$kind', ({ localOnly }) => {
  test.each(cases)(
    'B25: at any step of %s is final (%s)',
    { timeout: 120_000 },
    async (_, _storage, { scenario, deployment }) => {
      const violations = new Map<string, unknown>();
      for (const logoutIn of [0, 1] as const) {
        for (let atStep = 0, isAfterLastStep = false; !isAfterLastStep; atStep++) {
          const plan = { logoutIn, localOnly, atStep };
          const run = await play({ ...options, ...deployment }, scenario, plan);
          ({ isAfterLastStep } = run);
          for (const violation of run.violations) {
            if (!violations.has(violation)) violations.set(violation, { logoutIn, atStep, trace: run.trace });
          }
        }
      }
      expect(Object.fromEntries(violations)).toEqual({});
    },
  );
});

const runs = 1000;

test.each(orderSeeds)(
  `B25: a logout is final in ${runs} %s orders (seed %i)`,
  { timeout: 600_000 },
  async (_, seed) => {
    for (let run = 0; run < runs; run++) {
      const { next: random, pick, below } = createRandom(seed + run);
      const [name, storage, { scenario, deployment }] = pick(cases);
      const half = () => random() < 0.5;
      const world = {
        seed: seed + run,
        ...deployment,
        dpop: half(),
        readsHints: half(),
        refreshTokens: random() < 0.7,
        silentLogin: true,
      };
      const plan = { logoutIn: half() ? 0 : 1, localOnly: half(), atStep: below(40) } as const;
      const { violations, trace } = await play(world, scenario, plan);
      expect(
        violations,
        `FUZZ_SEED=${seed + run}: ${JSON.stringify({ name, storage, plan, trace })}`,
      ).toEqual([]);
    }
  },
);
