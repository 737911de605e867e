import { runTasks, type TaskRunner, wait } from '../../runs/run-tasks.ts';
import { requestToken } from '../actions/request-token.ts';
import type { TabLogin, TabLogout } from '../invariants/tab-ledger.ts';
import type { Page } from '../simulation/tab.ts';
import type { TabWorld } from '../simulation/world-types.ts';

/** Milliseconds of the longest pause after a failed request to the provider or a failed silent login. */
const longestPause = 61_000;

/** Checks at the end, one tab after another: live logins can refresh, and ended logins are not restored. */
export async function auditTabs(world: TabWorld, runner: TaskRunner): Promise<void> {
  const { ledger, scheduler, deployment, tabs } = world;
  const subs = new Set<string>();
  // A wrong clock prevents silent logins. After its correction, the login continues.
  world.setClock(0);
  for (const tab of tabs) {
    const { page } = tab;
    if (!tab.isOpen || !page) continue;
    const login = findLiveLogin(world, page);
    const audit = async () => {
      let isSent = await requestToken(world, tab, { forceRefresh: true });
      if (login && !isSent) {
        await wait(scheduler, longestPause);
        isSent = await requestToken(world, tab, { forceRefresh: true });
      }
      const { claims, error } = page.auth.snapshot();
      // Without the refresh token, a login continues only with the session at the provider.
      const isLost = login?.mayEnd === undefined && login && (!isSent || claims?.sub !== login.code.sub);
      if (isLost && ledger.isClockSetBack(login)) ledger.countLimit('the clock is set back after a logout');
      else if (isLost)
        ledger.reportViolation(
          `the live login ${login.code.login?.id} is lost in ${page.process.name}: ${error?.message}`,
        );
    };
    await runTasks(runner, 'in-order', [[`audit of ${tab.name}`, audit]], { untilIdle: true });
  }
  for (const { isOpen, page } of tabs) {
    if (!isOpen || !page) continue;
    const { status, claims } = page.auth.snapshot();
    if (status === 'signed-in') subs.add(String(claims?.sub));
    for (const logout of ledger.logouts) checkLogout(world, page, logout);
  }
  if (deployment.reach === 'shared' && subs.size > 1)
    ledger.reportViolation(`the tabs show different users: ${[...subs].join(', ')}`);
}

/** Finds the last login that the user has completed for a page, if nothing may have ended it. */
function findLiveLogin({ ledger, deployment, session }: TabWorld, page: Page): TabLogin | undefined {
  const { reach, hasRefreshTokens } = deployment;
  const isConcerned = ({ page: completedIn, completedAt }: TabLogin) =>
    completedIn !== undefined &&
    completedAt !== undefined &&
    (reach === 'shared' || (reach === 'tab' ? completedIn.tab === page.tab : completedIn === page));
  const logins = ledger.logins.filter(isConcerned);
  const [first, ...others] = logins;
  if (!first) return undefined;
  const login = others.reduce(
    (last, each) => ((each.completedAt ?? 0) > (last.completedAt ?? 0) ? each : last),
    first,
  );
  if (login.mayEnd !== undefined || (!hasRefreshTokens && session !== login.code.sub)) return undefined;
  return login;
}

/** After a confirmed logout, a page is signed in only with a login that began later. */
function checkLogout({ ledger, deployment }: TabWorld, page: Page, logout: TabLogout): void {
  const { calledAt, confirmedAt, isLocal } = logout;
  const { status, claims } = page.auth.snapshot();
  if (confirmedAt === undefined || status !== 'signed-in') return;
  // After a login in another tab, a page with separate tokens logs the same user in silently.
  const laterLogins = ledger.logins.filter(
    ({ page: completedIn, isVisible, begunAt, code }) =>
      begunAt >= calledAt &&
      code.sub === claims?.sub &&
      (isVisible || deployment.reach === 'shared' || completedIn?.tab === page.tab),
  );
  if (laterLogins.length === 0)
    ledger.reportViolation(`${page.process.name} is signed in after the logout at ${calledAt} ms`);
  // The session at the provider remains after a logout of the application only.
  else if (!isLocal && !laterLogins.some(({ isVisible }) => isVisible))
    ledger.countLimit('a page that opens during a logout logs in silently');
}
