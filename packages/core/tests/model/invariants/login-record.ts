import type { Login } from '../simulation/provider.ts';
import type { ModelProcess } from '../simulation/scheduler.ts';

/** The documented limits, as `docs/refresh.md` names them (What each deployment guarantees, and Limits). */
export type DocumentedLimit =
  | 'the response of the provider is lost'
  | 'a process crashes before it writes'
  | 'a restart deletes the memory of the process'
  | 'many processes without a shared store'
  | 'a cookie is older than its successor'
  | 'the shared store is unavailable'
  | 'an older Set-Cookie arrives last'
  | 'a clock is set back before a back-channel logout'
  | 'two logins of a user end within a minute';

/** The observed state of one login. */
export interface LoginRecord {
  readonly login: Login;
  /** The process that created the session. */
  readonly startedOn: ModelProcess;
  /** Why the session may end: a logout, a logout token, or a new login has started. */
  mayEnd?: string;
  /** Set when the end was confirmed: no later request may be signed in. */
  confirmedEnd?: {
    readonly at: number;
    readonly process: ModelProcess;
    readonly isByUser: boolean;
    /** True if the session had not started, or its cookie had not reached the browser. */
    readonly isPending?: boolean;
  };
  /** True if the user has logged out with success. */
  isLoggedOut: boolean;
  /** Set if a documented limit has ended the session. */
  loss?: DocumentedLimit;
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

export interface ArrivedCookie extends RequestTimes {
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
