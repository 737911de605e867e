import { randomInt } from 'node:crypto';
import type { Report } from './run.ts';
import { backchannelLogout } from './scenarios/backchannel-logout.ts';
import { everythingAtOnce } from './scenarios/everything-at-once.ts';
import { lateChanges } from './scenarios/late-changes.ts';
import { lateRequests } from './scenarios/late-requests.ts';
import { loginDuringLogout } from './scenarios/login-during-logout.ts';
import { logoutDuringRefresh } from './scenarios/logout-during-refresh.ts';
import { logoutWithoutStore } from './scenarios/logout-without-store.ts';
import { oneExpiredSession } from './scenarios/one-expired-session.ts';
import { redisUnavailable } from './scenarios/redis-unavailable.ts';
import { streams } from './scenarios/streams.ts';
import { tabs } from './scenarios/tabs.ts';
import { twoResources } from './scenarios/two-resources.ts';
import { twoZones } from './scenarios/two-zones.ts';

/** Timeout of a scenario in milliseconds. */
const limit = 300_000;

const scenarios: Readonly<Record<string, (seed: number) => Promise<Report>>> = {
  'one-process': (seed) => oneExpiredSession(seed, { processes: 1, each: 1_000 }),
  'four-processes': (seed) => oneExpiredSession(seed, { processes: 4, each: 250 }),
  'everything-at-once': everythingAtOnce,
  'late-requests': lateRequests,
  'late-changes': lateChanges,
  'two-resources': twoResources,
  'logout-during-refresh': logoutDuringRefresh,
  'logout-without-store': logoutWithoutStore,
  'backchannel-logout': backchannelLogout,
  'login-during-logout': loginDuringLogout,
  'redis-unavailable': redisUnavailable,
  streams,
  'two-zones': (seed) => twoZones(seed),
  'two-zones-dev': (seed) => twoZones(seed, { isDevelopment: true }),
  tabs,
};

const seed = Number(process.env.CHAOS_SEED || randomInt(1, 1_000_000_000));
const names = process.argv.slice(2);
const unknown = names.find((name) => !(name in scenarios));
if (unknown !== undefined || !Number.isSafeInteger(seed)) {
  console.error(`Usage: [CHAOS_SEED=number] node e2e/chaos/main.ts [${Object.keys(scenarios).join(' | ')}]`);
  process.exit(2);
}
console.log(`Seed ${seed}. To repeat this run: CHAOS_SEED=${seed}\n`);

let passed = 0;
let failed = 0;
for (const [name, runScenario] of Object.entries(scenarios)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const startedAt = performance.now();
  const report = await runWithTimeout(name, runScenario(seed));
  const ok = report.violations.length === 0 && report.leaks === 0;
  if (ok) passed++;
  else failed++;
  const explained = Object.entries(report.explained ?? {}).map(([reason, count]) => `${count} ${reason}`);
  console.log(`${ok ? '✓' : '✗'} ${name}: ${report.summary}`);
  console.log(
    `    token requests ${report.tokenRequests}, sessions lost ${report.sessionsLost}` +
      `${explained.length > 0 ? ` (ended by the provider: ${explained.join(', ')})` : ''}` +
      `, leaks between users ${report.leaks}, ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
  );
  for (const reason of report.violations) console.log(`    ${reason}`);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Reports an error or a timeout of a scenario as its failure. */
async function runWithTimeout(name: string, scenario: Promise<Report>): Promise<Report> {
  const empty = { summary: name, tokenRequests: 0, sessionsLost: 0, leaks: 0 };
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Report>((resolve) => {
    timer = setTimeout(
      () => resolve({ ...empty, violations: [`did not complete within ${limit / 1000} s`] }),
      limit,
    );
  });
  try {
    return await Promise.race([scenario, timeout]);
  } catch (error) {
    return { ...empty, violations: [error instanceof Error ? error.message : 'unknown error'] };
  } finally {
    clearTimeout(timer);
  }
}
