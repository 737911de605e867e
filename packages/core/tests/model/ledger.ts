import { createHash } from 'node:crypto';
import type { Deployment } from './deployment.ts';
import type { Faults } from './faults.ts';
import { clientId, type IssuedRefreshToken, issuer, type Login, type Spend } from './provider.ts';
import type { ModelProcess } from './scheduler.ts';
import type { Stores } from './stores.ts';

/** The documented limits, as `docs/refresh.md` names them (What each deployment guarantees, and Limits). */
export type Exception =
  | 'the response of the provider is lost'
  | 'a process crashes before it writes'
  | 'a restart deletes the memory of the process'
  | 'many processes without a shared store'
  | 'a cookie is older than its successor'
  | 'the shared store is unavailable'
  | 'an older Set-Cookie arrives last'
  | 'a clock is set back before a back-channel logout';

/** Seconds for which a successor is stored (`successorLifetime`). */
const successorLifetime = 30;

/** The key under which the shared store contains the successor of a refresh token. */
const createSuccessorKey = (refreshToken: string) =>
  createHash('sha256')
    .update(JSON.stringify(['countersign refresh', issuer, clientId, refreshToken]))
    .digest('base64url');

/** What the model knows about one login. */
export interface LoginRecord {
  readonly login: Login;
  /** The process that created the session. */
  readonly startedOn: ModelProcess;
  /** Why the session may end: a logout, a logout token, or a new login has started. */
  mayEnd?: string;
  /** Set when the end was confirmed: no later request may be signed in. */
  ended?: {
    readonly at: number;
    readonly process: ModelProcess;
    readonly isByUser: boolean;
    /** True if the session had not started, or its cookie had not reached the browser. */
    readonly isPending?: boolean;
  };
  /** True if the user has logged out with success. */
  isLoggedOut: boolean;
  /** Set if a documented limit has ended the session. */
  lostBy?: Exception;
  /** True if the browser may have an older cookie: a response was lost, or an older one arrived last. */
  isStale: boolean;
  /** True if the browser may have a cookie without a confirmed change: a response was lost, or two were concurrent. */
  mayLackChanges: boolean;
  /** True if a spent refresh token was sent again, and the provider has not ended the login. */
  hasSurvivedReuse?: boolean;
  /** Changes that were confirmed. */
  readonly changes: string[];
  /** `Cookie` headers that were sent with this session. */
  readonly copies: Set<string>;
  /** The responses with a cookie of the session that have arrived. */
  readonly cookies: ArrivedCookie[];
}

/** Milliseconds of one request. */
export interface RequestTimes {
  readonly sentAt: number;
  /** When the process began to handle it. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly process: ModelProcess;
}

interface ArrivedCookie extends RequestTimes {
  readonly arrivedAt: number;
}

/** The content of a response about its session. */
export interface SessionReport {
  readonly record: LoginRecord | undefined;
  readonly sentAt: number;
  readonly process: ModelProcess;
  readonly sub: string | undefined;
  readonly accessToken?: string;
  /** The code of the error, if the request failed. */
  readonly error?: string;
  readonly isLoginRequired: boolean;
}

/** Checks the invariants. */
export interface Ledger {
  readonly violations: string[];
  readonly exceptions: Map<Exception, number>;
  readonly records: Map<Login, LoginRecord>;
  readonly crashedActions: Set<string>;
  /** Logins that were ended while their code was being exchanged. */
  readonly endedBeforeStart: Map<Login, LoginRecord['ended']>;
  /** Logins whose callback failed. */
  readonly failedLogins: Set<Login>;
  /** Users whose sessions were ended all at once. */
  readonly usersLoggedOut: Set<string>;
  /** Records that the session of a login may end from now on. */
  markAsEnding(login: Login, reason: string): void;
  isEnding(login: Login): boolean;
  add(login: Login, startedOn: ModelProcess): LoginRecord;
  reportViolation(text: string): void;
  countException(name: Exception): void;
  onStoreFault(port: keyof Stores): void;
  /** Records that the shared store contains the successor of a refresh token. */
  onSuccessorStored(key: string, now: number): void;
  onReuse(
    token: IssuedRefreshToken,
    again: Spend,
    reuse: { readonly isEnded: boolean; readonly now: number },
  ): void;
  /** Records that the browser has received a cookie of the session. */
  addCookie(record: LoginRecord, cookie: ArrivedCookie): void;
  onCodeReuse(login: Login, process: ModelProcess): void;
  /** Checks at the end that each code that was sent twice began no session. */
  checkCodes(): void;
  checkReport(report: SessionReport): void;
  /** Checks that no confirmed change is lost. */
  checkChanges(record: LoginRecord, found: readonly string[]): void;
}

export function createLedger(deployment: Deployment, { faults }: { readonly faults: Faults }): Ledger {
  const violations: string[] = [];
  const exceptions = new Map<Exception, number>();
  const records = new Map<Login, LoginRecord>();
  const crashedActions = new Set<string>();
  const ending = new Map<Login, string>();
  /** Logins that a documented limit has ended before their session started. */
  const lost = new Map<Login, Exception>();
  const endedBeforeStart = new Map<Login, LoginRecord['ended']>();
  const storeFaults = new Set<keyof Stores>();
  const { kind, isShared, processes } = deployment;

  const noSharedStore: Exception =
    processes > 1 ? 'many processes without a shared store' : 'a restart deletes the memory of the process';
  const usersLoggedOut = new Set<string>();
  const failedLogins = new Set<Login>();
  /** Logins whose code was sent again, with the process that sent it. */
  const repeatedCodes = new Map<Login, ModelProcess>();
  /** Milliseconds at which the shared store received a successor, by its key. */
  const storedSuccessors = new Map<string, number>();

  const countException = (name: Exception) => void exceptions.set(name, (exceptions.get(name) ?? 0) + 1);
  const reportViolation = (text: string) => void violations.push(text);

  function markLost(login: Login, explanation: Exception): void {
    countException(explanation);
    const record = records.get(login);
    if (record) record.lostBy = explanation;
    else lost.set(login, explanation);
  }

  function explainReuse(token: IssuedRefreshToken, again: Spend): Exception | undefined {
    const spend = token.spend as Spend;
    const record = records.get(token.login);
    if (spend.outcome === 'lost') return 'the response of the provider is lost';
    if (!spend.process.isAlive) {
      if (crashedActions.has(spend.action) || storeFaults.size > 0)
        return 'a process crashes before it writes';
      if (!isShared) return 'a restart deletes the memory of the process';
    }
    if (kind === 'stored') return undefined;
    if (!isShared && again.process !== spend.process) return noSharedStore;
    const isLate = again.at - spend.at > successorLifetime * 1000;
    if (isLate && record?.isStale) return 'a cookie is older than its successor';
    // The process that has received the tokens knows them without the store.
    const isStoreNeeded = isShared && again.process !== spend.process;
    return isStoreNeeded && (storeFaults.has('lock') || storeFaults.has('successors'))
      ? 'the shared store is unavailable'
      : undefined;
  }

  /** The provider has rejected a spent refresh token, and the login continues: its successor must be found. */
  function isSuccessorKnown({ value }: IssuedRefreshToken, now: number): boolean {
    const storedAt = storedSuccessors.get(createSuccessorKey(value));
    const isValid = storedAt !== undefined && now - storedAt < successorLifetime * 500;
    return isValid && !storeFaults.has('successors');
  }

  /** Checks whether a request must have found the tokens of a response that the browser has received. */
  function knowsTokens(cookie: RequestTimes, earlier: ArrivedCookie): boolean {
    const isKnown = earlier.process === cookie.process || (isShared && !storeFaults.has('successors'));
    return isKnown && earlier.finishedAt < cookie.startedAt;
  }

  function checkSignedIn(report: SessionReport, record: LoginRecord): void {
    const { login, ended } = record;
    const owner = report.accessToken?.split('.')[1];
    if (owner !== undefined && owner !== login.id)
      reportViolation(`a request of ${login.id} received the token of ${owner}`);
    else if (report.sub !== undefined && report.sub !== login.sub)
      reportViolation(`a request of ${login.sub} received the session of ${report.sub}`);
    if (!ended || report.sentAt <= ended.at) return;
    const exception = explainRevival(report, { ended, startedOn: record.startedOn });
    if (exception) countException(exception);
    else reportViolation(`the session of ${login.id} is alive after its end (${record.mayEnd})`);
  }

  function explainRevival(
    { process }: SessionReport,
    { ended, startedOn }: Required<Pick<LoginRecord, 'ended' | 'startedOn'>>,
  ): Exception | undefined {
    if (!isShared && process !== ended.process) return noSharedStore;
    // Without a shared store, a process does not find the pending login of another one.
    if (!isShared && ended.isPending && startedOn !== ended.process) return noSharedStore;
    // A logout token has no time of the session: its record has the time of the process that received it.
    return !ended.isByUser && faults.happened.has('clock-jump')
      ? 'a clock is set back before a back-channel logout'
      : undefined;
  }

  function checkSignedOut({ process }: SessionReport, record: LoginRecord): void {
    const { login } = record;
    if (record.mayEnd !== undefined || record.lostBy !== undefined) return;
    const exception = explainLoss(process, record);
    if (exception) markLost(login, exception);
    else reportViolation(`the live session of ${login.id} is lost`);
  }

  function explainLoss(
    process: ModelProcess,
    { login, startedOn, hasSurvivedReuse }: LoginRecord,
  ): Exception | undefined {
    if (kind === 'stored') {
      // A process that has restarted accepts a logout token that was used before, which ends a later login.
      const isReplayed = usersLoggedOut.has(login.sub) && faults.happened.has('crash');
      const isForgotten = !isShared && (startedOn !== process || isReplayed);
      return isForgotten ? 'a restart deletes the memory of the process' : undefined;
    }
    if (hasSurvivedReuse && storeFaults.has('successors')) return 'the shared store is unavailable';
    // A login within the second of a logout of all sessions is accepted only if the store knows their order.
    if (!usersLoggedOut.has(login.sub)) return undefined;
    if (!isShared && (processes > 1 || faults.happened.has('crash'))) return noSharedStore;
    return storeFaults.has('tombstones') ? 'the shared store is unavailable' : undefined;
  }

  return {
    violations,
    exceptions,
    records,
    crashedActions,
    endedBeforeStart,
    usersLoggedOut,
    failedLogins,
    markAsEnding(login, reason) {
      const record = records.get(login);
      if (record) record.mayEnd ??= reason;
      else ending.set(login, reason);
    },
    isEnding: (login) =>
      ending.has(login) || records.get(login)?.mayEnd !== undefined || usersLoggedOut.has(login.sub),
    add(login, startedOn) {
      const mayEnd = ending.get(login);
      const ended = endedBeforeStart.get(login);
      const lostBy = lost.get(login);
      const record: LoginRecord = {
        login,
        startedOn,
        ...(mayEnd !== undefined && { mayEnd }),
        ...(ended && { ended }),
        ...(lostBy !== undefined && { lostBy }),
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
    countException,
    onStoreFault: (port) => void storeFaults.add(port),
    onSuccessorStored: (key, now) => void storedSuccessors.set(key, now),
    addCookie(record, cookie) {
      // Each response contains a complete session: of two concurrent ones, the browser keeps the last that arrives.
      for (const earlier of record.cookies) {
        if (earlier.arrivedAt < cookie.sentAt) continue;
        record.mayLackChanges = true;
        if (!knowsTokens(cookie, earlier)) record.isStale = true;
      }
      record.cookies.push(cookie);
    },
    onReuse(token, again, { isEnded, now }) {
      const explanation = explainReuse(token, again);
      if (explanation === undefined) {
        const { at = 0, process } = token.spend ?? {};
        reportViolation(
          `a refresh token of ${token.login.id} is sent twice: at ${at} ms by ${process?.name}, at ${again.at} ms by ${again.process.name}`,
        );
        return;
      }
      const record = records.get(token.login);
      if (isEnded || !record || !isSuccessorKnown(token, now)) return markLost(token.login, explanation);
      countException(explanation);
      record.hasSurvivedReuse = true;
    },
    onCodeReuse(login, process) {
      // The first exchange failed after the provider's response: no session has started.
      if (failedLogins.has(login)) return;
      if (!isShared) markLost(login, noSharedStore);
      else repeatedCodes.set(login, process);
    },
    checkCodes() {
      // The callback that failed may have released the login without having responded yet.
      for (const [login, process] of repeatedCodes)
        if (records.has(login) || !failedLogins.has(login))
          reportViolation(`the code of ${login.id} is sent twice, the second time by ${process.name}`);
    },
    checkChanges(record, found) {
      const missing = record.changes.filter((id) => !found.includes(id));
      if (missing.length === 0) return;
      // The browser did not receive the cookie with the change, or replaced it with a concurrent one.
      if (kind === 'cookie' && record.mayLackChanges)
        return countException('an older Set-Cookie arrives last');
      reportViolation(
        `the session of ${record.login.id} has lost the confirmed changes ${missing.join(', ')}`,
      );
    },
    checkReport(report) {
      const { record, error, isLoginRequired } = report;
      const hasFailed = error !== undefined && !isLoginRequired;
      if (hasFailed && faults.happened.size === 0)
        reportViolation(`a request failed with "${error}" although nothing has failed`);
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
