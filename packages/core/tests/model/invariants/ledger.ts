import type { Faults } from '../faults/faults.ts';
import type { Deployment } from '../simulation/deployment.ts';
import type { IssuedRefreshToken, Login, Spend } from '../simulation/provider.ts';
import type { ModelProcess } from '../simulation/scheduler.ts';
import type { Stores } from '../simulation/stores.ts';
import { createLimitFinder } from './documented-limits.ts';
import type { ArrivedCookie, DocumentedLimit, LoginRecord, SessionReport } from './login-record.ts';

/** Checks the invariants. */
export interface Ledger {
  readonly violations: string[];
  readonly limits: Map<DocumentedLimit, number>;
  readonly records: Map<Login, LoginRecord>;
  readonly crashedActions: Set<string>;
  /** Logins that were ended while their code was being exchanged. */
  readonly endsBeforeStart: Map<Login, LoginRecord['confirmedEnd']>;
  /** Logins whose callback failed. */
  readonly failedLogins: Set<Login>;
  /** Users for whom a logout of all sessions was sent. */
  readonly loggedOutUsers: Set<string>;
  /** Records that the session of a login may end from now on. */
  markAsEnding(login: Login, reason: string): void;
  isEnding(login: Login): boolean;
  add(login: Login, startedOn: ModelProcess): LoginRecord;
  reportViolation(text: string): void;
  countLimit(name: DocumentedLimit): void;
  onStoreFault(port: keyof Stores): void;
  /** Records that the shared store contains the successor of a refresh token. */
  onSuccessorStored(key: string, now: number): void;
  onReuse(
    token: IssuedRefreshToken,
    repeatedSpend: Spend,
    reuse: { readonly isEnded: boolean; readonly now: number },
  ): void;
  /** Records that the browser has received a cookie of the session. */
  addCookie(record: LoginRecord, cookie: ArrivedCookie): void;
  onCodeReuse(login: Login, process: ModelProcess): void;
  /** Checks at the end that a code that was sent twice has begun no session. */
  checkCodes(): void;
  checkReport(report: SessionReport): void;
  /** Checks that no confirmed change is lost. */
  checkChanges(record: LoginRecord, sessionChanges: readonly string[]): void;
}

export function createLedger(deployment: Deployment, { faults }: { readonly faults: Faults }): Ledger {
  const violations: string[] = [];
  const limits = new Map<DocumentedLimit, number>();
  const records = new Map<Login, LoginRecord>();
  const crashedActions = new Set<string>();
  /** Reasons for which a login may end before its session has started. */
  const reasonsBeforeStart = new Map<Login, string>();
  /** Logins that a documented limit has ended before their session started. */
  const lossesBeforeStart = new Map<Login, DocumentedLimit>();
  const endsBeforeStart = new Map<Login, LoginRecord['confirmedEnd']>();
  const storeFaults = new Set<keyof Stores>();
  const { kind, isShared } = deployment;
  const loggedOutUsers = new Set<string>();
  const failedLogins = new Set<Login>();
  /** Logins whose code was sent again, with the process that sent it. */
  const repeatedCodes = new Map<Login, ModelProcess>();
  const storedSuccessors = new Map<string, number>();
  const facts = { faults, records, crashedActions, loggedOutUsers, storeFaults, storedSuccessors };
  const finder = createLimitFinder(deployment, facts);

  const countLimit = (name: DocumentedLimit) => void limits.set(name, (limits.get(name) ?? 0) + 1);
  const reportViolation = (text: string) => void violations.push(text);

  function addLoss(login: Login, limit: DocumentedLimit): void {
    countLimit(limit);
    const record = records.get(login);
    if (record) record.loss = limit;
    else lossesBeforeStart.set(login, limit);
  }

  function checkSignedIn(report: SessionReport, record: LoginRecord): void {
    const { login, confirmedEnd, startedOn } = record;
    const owner = report.accessToken?.split('.')[1];
    if (owner !== undefined && owner !== login.id)
      reportViolation(`a request of ${login.id} received the token of ${owner}`);
    else if (report.sub !== undefined && report.sub !== login.sub)
      reportViolation(`a request of ${login.sub} received the session of ${report.sub}`);
    if (!confirmedEnd || report.sentAt <= confirmedEnd.at) return;
    const limit = finder.findLimitOfRevival(report.process, { end: confirmedEnd, startedOn });
    if (limit) countLimit(limit);
    else reportViolation(`the session of ${login.id} is accepted after its end (${record.mayEnd})`);
  }

  function checkSignedOut({ process }: SessionReport, record: LoginRecord): void {
    const { login } = record;
    if (record.mayEnd !== undefined || record.loss !== undefined) return;
    const limit = finder.findLimitOfLoss(process, record);
    if (limit) addLoss(login, limit);
    else reportViolation(`the live session of ${login.id} is lost`);
  }

  return {
    violations,
    limits,
    records,
    crashedActions,
    endsBeforeStart,
    loggedOutUsers,
    failedLogins,
    markAsEnding(login, reason) {
      const record = records.get(login);
      if (record) record.mayEnd ??= reason;
      else reasonsBeforeStart.set(login, reason);
    },
    isEnding: (login) =>
      reasonsBeforeStart.has(login) ||
      records.get(login)?.mayEnd !== undefined ||
      loggedOutUsers.has(login.sub),
    add(login, startedOn) {
      const mayEnd = reasonsBeforeStart.get(login);
      const confirmedEnd = endsBeforeStart.get(login);
      const loss = lossesBeforeStart.get(login);
      const record: LoginRecord = {
        login,
        startedOn,
        ...(mayEnd !== undefined && { mayEnd }),
        ...(confirmedEnd && { confirmedEnd }),
        ...(loss !== undefined && { loss }),
        isLoggedOut: false,
        isStale: false,
        mayLackChanges: false,
        changes: [],
        copies: new Set(),
        cookies: [],
      };
      records.set(login, record);
      return record;
    },
    reportViolation,
    countLimit,
    onStoreFault: (port) => void storeFaults.add(port),
    onSuccessorStored: (key, now) => void storedSuccessors.set(key, now),
    addCookie(record, cookie) {
      // Each response contains a complete session. The browser keeps the one that arrives last.
      for (const earlier of record.cookies) {
        if (earlier.arrivedAt < cookie.sentAt) continue;
        record.mayLackChanges = true;
        if (!finder.mustFindTokens(cookie, earlier)) record.isStale = true;
      }
      record.cookies.push(cookie);
    },
    onReuse(token, repeatedSpend, { isEnded, now }) {
      const limit = finder.findLimitOfReuse(token, repeatedSpend);
      if (limit === undefined) {
        const { at = 0, process } = token.spend ?? {};
        reportViolation(
          `a refresh token of ${token.login.id} is sent twice: at ${at} ms by ${process?.name}, ` +
            `at ${repeatedSpend.at} ms by ${repeatedSpend.process.name}`,
        );
        return;
      }
      const record = records.get(token.login);
      if (isEnded || !record || !finder.isSuccessorStored(token, now)) return addLoss(token.login, limit);
      countLimit(limit);
      record.hasSurvivedReuse = true;
    },
    onCodeReuse(login, process) {
      // The first exchange failed after the provider's response: no session has started.
      if (failedLogins.has(login)) return;
      if (!isShared) addLoss(login, finder.noSharedStore);
      else repeatedCodes.set(login, process);
    },
    checkCodes() {
      // The callback that failed may have released the login before its response was sent.
      for (const [login, process] of repeatedCodes)
        if (records.has(login) || !failedLogins.has(login))
          reportViolation(`the code of ${login.id} is sent twice, the second time by ${process.name}`);
    },
    checkChanges(record, sessionChanges) {
      const missing = record.changes.filter((id) => !sessionChanges.includes(id));
      if (missing.length === 0) return;
      // The browser did not receive the cookie with the change, or replaced it with a concurrent one.
      if (kind === 'cookie' && record.mayLackChanges) return countLimit('an older Set-Cookie arrives last');
      reportViolation(
        `the session of ${record.login.id} has lost the confirmed changes ${missing.join(', ')}`,
      );
    },
    checkReport(report) {
      const { record, error, isLoginRequired } = report;
      const hasFailed = error !== undefined && !isLoginRequired;
      const hasEnded = record?.mayEnd !== undefined || record?.loss !== undefined;
      // The second rejection ends what can be a loop of logins.
      const isLoopEnded = error === 'token_error' && hasEnded;
      if (isLoopEnded) countLimit('two logins of a user end within a minute');
      else if (hasFailed && faults.occurredKinds.size === 0)
        reportViolation(`a request failed with "${error}" without a fault`);
      if (!record) {
        if (report.accessToken !== undefined || report.sub !== undefined)
          reportViolation(`a request without a session received one (${report.sub ?? report.accessToken})`);
        return;
      }
      if (report.accessToken !== undefined || report.sub !== undefined) checkSignedIn(report, record);
      if (isLoginRequired) checkSignedOut(report, record);
    },
  };
}
