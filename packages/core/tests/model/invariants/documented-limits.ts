import { createHash } from 'node:crypto';
import type { Faults } from '../faults/faults.ts';
import type { Deployment } from '../simulation/deployment.ts';
import { clientId, type IssuedRefreshToken, issuer, type Login, type Spend } from '../simulation/provider.ts';
import type { ModelProcess } from '../simulation/scheduler.ts';
import type { Stores } from '../simulation/stores.ts';
import type { ArrivedCookie, DocumentedLimit, LoginRecord, RequestTimes } from './login-record.ts';

/** Seconds for which a successor is stored (`successorLifetime`). */
const successorLifetime = 30;

/** The facts that decide whether a documented limit applies. */
interface Facts {
  readonly faults: Faults;
  readonly records: ReadonlyMap<Login, LoginRecord>;
  readonly crashedActions: ReadonlySet<string>;
  readonly loggedOutUsers: ReadonlySet<string>;
  readonly storeFaults: ReadonlySet<keyof Stores>;
  /** Milliseconds at which the shared store received a successor, by its key. */
  readonly storedSuccessors: ReadonlyMap<string, number>;
}

type ConfirmedEnd = NonNullable<LoginRecord['confirmedEnd']>;

/** Creates the functions that find the documented limit behind a result, if one applies. */
export function createLimitFinder({ kind, isShared, processes }: Deployment, facts: Facts) {
  const { faults, records, crashedActions, loggedOutUsers, storeFaults, storedSuccessors } = facts;
  const noSharedStore: DocumentedLimit =
    processes > 1 ? 'many processes without a shared store' : 'a restart deletes the memory of the process';

  return {
    noSharedStore,

    /** Finds the limit that explains why a spent refresh token was sent again. */
    findLimitOfReuse(token: IssuedRefreshToken, repeatedSpend: Spend): DocumentedLimit | undefined {
      const spend = token.spend as Spend;
      const record = records.get(token.login);
      if (spend.outcome === 'lost') return 'the response of the provider is lost';
      if (!spend.process.isAlive) {
        if (crashedActions.has(spend.action) || storeFaults.size > 0)
          return 'a process crashes before it writes';
        if (!isShared) return 'a restart deletes the memory of the process';
      }
      if (kind === 'stored') return undefined;
      if (!isShared && repeatedSpend.process !== spend.process) return noSharedStore;
      const isLate = repeatedSpend.at - spend.at > successorLifetime * 1000;
      if (isLate && record?.isStale) return 'a cookie is older than its successor';
      // The process that received the tokens has them in memory and needs no store.
      const isStoreNeeded = isShared && repeatedSpend.process !== spend.process;
      return isStoreNeeded && (storeFaults.has('lock') || storeFaults.has('successors'))
        ? 'the shared store is unavailable'
        : undefined;
    },

    /** Finds the limit that explains why a request after the confirmed end of a session was signed in. */
    findLimitOfRevival(
      process: ModelProcess,
      { end, startedOn }: { readonly end: ConfirmedEnd; readonly startedOn: ModelProcess },
    ): DocumentedLimit | undefined {
      if (!isShared && process !== end.process) return noSharedStore;
      // Without a shared store, a process does not find the pending login of another one.
      if (!isShared && end.isPending && startedOn !== end.process) return noSharedStore;
      // A logout token has no time of the session. Its record has the time of the process that received it.
      return !end.isByUser && faults.occurredKinds.has('clock-jump')
        ? 'a clock is set back before a back-channel logout'
        : undefined;
    },

    /** Finds the limit that explains why a request of a live session was signed out. */
    findLimitOfLoss(
      process: ModelProcess,
      { login, startedOn, hasSurvivedReuse }: LoginRecord,
    ): DocumentedLimit | undefined {
      if (kind === 'stored') {
        // After a restart, a process accepts a used logout token again, which ends a later login.
        const isReplayed = loggedOutUsers.has(login.sub) && faults.occurredKinds.has('crash');
        const isStateMissing = !isShared && (startedOn !== process || isReplayed);
        return isStateMissing ? 'a restart deletes the memory of the process' : undefined;
      }
      if (hasSurvivedReuse && storeFaults.has('successors')) return 'the shared store is unavailable';
      // The order of a login and a logout of all sessions within one second is in the store only.
      if (!loggedOutUsers.has(login.sub)) return undefined;
      if (!isShared && (processes > 1 || faults.occurredKinds.has('crash'))) return noSharedStore;
      return storeFaults.has('tombstones') ? 'the shared store is unavailable' : undefined;
    },

    /** Checks whether the successor of a spent refresh token is stored, so that the login continues after a rejection. */
    isSuccessorStored({ value }: IssuedRefreshToken, now: number): boolean {
      const storedAt = storedSuccessors.get(createSuccessorKey(value));
      const isValid = storedAt !== undefined && now - storedAt < successorLifetime * 500;
      return isValid && !storeFaults.has('successors');
    },

    /** Checks whether a request must find the tokens of a response that the browser has received. */
    mustFindTokens(cookie: RequestTimes, earlier: ArrivedCookie): boolean {
      const areTokensShared =
        earlier.process === cookie.process || (isShared && !storeFaults.has('successors'));
      return areTokensShared && earlier.finishedAt < cookie.startedAt;
    },
  };
}

/** The key under which the shared store contains the successor of a refresh token. */
const createSuccessorKey = (refreshToken: string) =>
  createHash('sha256')
    .update(JSON.stringify(['countersign refresh', issuer, clientId, refreshToken]))
    .digest('base64url');
