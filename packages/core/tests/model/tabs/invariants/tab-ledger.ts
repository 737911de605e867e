import type { Faults } from '../../faults/faults.ts';
import type { IssuedCode, Login, ProviderListener } from '../../simulation/provider.ts';
import type { Scheduler } from '../../simulation/scheduler.ts';
import type { Page, Tab } from '../simulation/tab.ts';

/** The documented limits of the browser client, as `docs/refresh.md` names them (What each deployment guarantees, and Limits). */
export type TabLimit =
  | 'the response of the provider is lost'
  | 'a tab is closed before it writes'
  | 'the storage of the browser fails'
  | 'a page that opens during a logout logs in silently'
  | 'a duplicated tab is unloaded at once'
  | 'the clock is set back after a logout';

/** A login of the user, from its authorization to its end. Times are milliseconds since the start of the run. */
export interface TabLogin {
  readonly code: IssuedCode;
  /** The page that completes it. Absent until the page of a visible login opens. */
  page?: Page | undefined;
  readonly isVisible: boolean;
  /** When the page that completes it opened. */
  begunAt: number;
  /** Set when the client has reported to the application that the user is signed in. */
  completedAt?: number;
  /** The reason why it may end: a logout, a login of another user, the provider, or a limit. */
  mayEnd?: string;
}

/** A logout by the user. */
export interface TabLogout {
  readonly page: Page;
  readonly calledAt: number;
  /** True if the session at the provider remains. */
  readonly isLocal: boolean;
  /** Absent while it runs, and if its page was unloaded or it failed. */
  confirmedAt?: number;
}

/** Checks the invariants of the browser client. */
export interface TabLedger extends ProviderListener {
  readonly violations: string[];
  readonly limits: Map<TabLimit, number>;
  readonly logins: readonly TabLogin[];
  readonly logouts: readonly TabLogout[];
  reportViolation(text: string): void;
  countLimit(name: TabLimit): void;
  /** @param page the page that opened a hidden frame; `undefined` for a visible login */
  onCode(code: IssuedCode, page: Page | undefined): void;
  onPageOpened(page: Page): void;
  /** Records that a page has completed a visible login, or has failed. */
  onVisibleLogin(page: Page, href: string, error: Error | undefined): void;
  /** Records a logout. @returns a function that records its end */
  onLogout(
    page: Page,
    options: { readonly isLocal: boolean },
  ): (result: 'confirmed' | 'failed' | 'unloaded') => void;
  /** Records that the provider ends the logins of a user. */
  onProviderEnd(sub: string): void;
  onStored(refreshToken: string): void;
  onStorageFault(): void;
  /** Records that the login of a tab may belong to the duplicate of the tab. */
  onDuplicate(tab: Tab): void;
  /** Finds the login to which an access token belongs. */
  findLogin(accessToken: string): TabLogin | undefined;
  /** Checks whether the user logged out before the login began, by a clock that was set back. Tabs then need not show the login. */
  isClockSetBack(login: TabLogin): boolean;
  /** Finds a login that began at a time or later. A page that was open at this time does not begin a silent login itself. */
  findLoginSince(time: number): TabLogin | undefined;
  /** Checks that a page that has logged out is signed out, unless the user has logged in again since. */
  checkPage(page: Page): void;
}

export function createTabLedger(scheduler: Scheduler, { faults }: { readonly faults: Faults }): TabLedger {
  const violations: string[] = [];
  const limits = new Map<TabLimit, number>();
  const logins: TabLogin[] = [];
  const logouts: TabLogout[] = [];
  const storedTokens = new Set<string>();
  const duplicatedTabs = new Set<Tab>();
  let runningLogouts = 0;
  let hasStorageFailed = false;

  const reportViolation = (text: string) => void violations.push(text);
  const countLimit = (name: TabLimit) => void limits.set(name, (limits.get(name) ?? 0) + 1);
  const isRunning = ({ isVisible, page, completedAt, mayEnd }: TabLogin) =>
    isVisible && page !== undefined && completedAt === undefined && mayEnd === undefined;

  function markAll(reason: string, isConcerned: (login: TabLogin) => boolean = () => true): void {
    for (const login of logins) if (isConcerned(login)) login.mayEnd ??= reason;
  }

  /** Each of two concurrent logins of different users may end the other one. */
  function markOtherUsers(login: TabLogin): void {
    const { sub } = login.code;
    const isOther = (each: TabLogin) => each.code.sub !== sub && each.page !== undefined;
    if (logins.some((each) => isOther(each) && isRunning(each))) login.mayEnd ??= 'a login of another user';
    markAll('a login of another user', isOther);
  }

  const findByUrl = (href: string) => {
    const state = new URL(href).searchParams.get('state');
    return logins.find(({ code }) => code.state === state);
  };
  const findLogin: TabLedger['findLogin'] = (accessToken) =>
    logins.find(({ code }) => code.login?.id === accessToken.split('.')[1]);

  // A silent login counts if its page opened after the logout: a page that was open does not log in silently.
  const findLoginSince = (time: number) => logins.find(({ begunAt }) => begunAt >= time);

  return {
    violations,
    limits,
    logins,
    logouts,
    reportViolation,
    countLimit,
    onCode(code, page) {
      const begunAt = page?.openedAt ?? Number.NEGATIVE_INFINITY;
      logins.push({ code, page, isVisible: page === undefined, begunAt });
    },
    onPageOpened(page) {
      const login = findByUrl(page.href);
      if (!login) return;
      login.page = page;
      login.begunAt = page.openedAt;
      if (runningLogouts > 0) login.mayEnd ??= 'a logout';
      markOtherUsers(login);
    },
    onVisibleLogin(page, href, error) {
      const login = findByUrl(href);
      if (!login) return;
      scheduler.note(error ? `(the login of ${page.tab.name} fails: ${error.message})` : '');
      if (error) {
        const isExpected = login.mayEnd !== undefined || faults.occurredKinds.size > 0;
        if (!isExpected) reportViolation(`a login of ${login.code.sub} failed: ${error.message}`);
        login.mayEnd ??= 'a failed login';
        return;
      }
      login.completedAt = scheduler.now();
      markOtherUsers(login);
    },
    onLogout(page, { isLocal }) {
      const logout: TabLogout = { page, isLocal, calledAt: scheduler.now() };
      logouts.push(logout);
      runningLogouts++;
      page.loggedOutAt = logout.calledAt;
      markAll('a logout');
      return (result) => {
        runningLogouts--;
        if (result === 'confirmed') logout.confirmedAt = scheduler.now();
      };
    },
    onProviderEnd: (sub) => markAll('the provider', ({ code }) => code.sub === sub),
    onStored: (refreshToken) => void storedTokens.add(refreshToken),
    onStorageFault() {
      hasStorageFailed = true;
    },
    onDuplicate(tab) {
      duplicatedTabs.add(tab);
      markAll('a duplicated tab is unloaded at once', ({ page }) => page?.tab === tab);
    },
    findLogin,
    isClockSetBack: ({ begunAt }) =>
      faults.occurredKinds.has('clock-jump') && logouts.some(({ calledAt }) => calledAt <= begunAt),
    findLoginSince,
    onReuse(token, repeatedSpend) {
      const { outcome, process, at } = token.spend as NonNullable<typeof token.spend>;
      const owner = logins.find(({ code }) => code.login === token.login)?.page?.tab;
      const isSuccessorStored = storedTokens.has(token.successor?.value ?? '');
      const limit: TabLimit | undefined =
        outcome === 'lost'
          ? 'the response of the provider is lost'
          : owner && duplicatedTabs.has(owner)
            ? 'a duplicated tab is unloaded at once'
            : isSuccessorStored
              ? undefined
              : !process.isAlive
                ? 'a tab is closed before it writes'
                : hasStorageFailed
                  ? 'the storage of the browser fails'
                  : undefined;
      if (!limit)
        return reportViolation(
          `a refresh token of ${token.login.id} is sent twice: at ${at} ms by ${process.name}, ` +
            `at ${repeatedSpend.at} ms by ${repeatedSpend.process.name}`,
        );
      countLimit(limit);
      markAll(limit, ({ code }) => code.sub === token.login.sub);
    },
    markAsEnding: () => {},
    onCodeReuse: (login: Login) => reportViolation(`the code of ${login.id} is sent twice`),
    checkPage({ auth, process, loggedOutAt }) {
      if (loggedOutAt === undefined || auth.snapshot().status !== 'signed-in') return;
      if (!findLoginSince(loggedOutAt)) reportViolation(`${process.name} is signed in after its logout`);
    },
  };
}
