import { TransportError } from '../../errors.ts';
import type { Clock } from '../../internal/clock.ts';
import { isDevelopment } from '../../internal/development.ts';
import { listen } from './listen.ts';

/** The errors after which a refresh pauses. Errors of the browser itself, for example of its storage, are not among them. */
const causes = ['rate_limited', 'server_error', 'network_error', 'timeout'] as const;

/** Milliseconds of the first pause without `Retry-After`, and of the longest one. Each pause doubles. */
const firstPause = 1_000;
const longestPause = 60_000;
/** Milliseconds of the longest pause with `Retry-After`. Only a limit of the rate can need a longer one. */
const longestRetryAfter = { rate_limited: 3_600_000, other: 300_000 };
/** Milliseconds after a pause during which another failure doubles it. */
const doublingPeriod = 60_000;

/** The pause after a failed refresh. It is stored with the tokens, so that all tabs that share them respect it. */
export interface RefreshPause {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly until: number;
  /** Milliseconds, without the random delay. */
  readonly length: number;
  /** The error that all callers receive during the pause. */
  readonly code: (typeof causes)[number];
}

/** The tokens of a login, with the pause after its last failed refresh. */
interface PausedTokens {
  readonly pause?: RefreshPause;
}

/** The provider has not responded: the network of the browser may be the reason. */
const isUnanswered = (code: RefreshPause['code']) => code === 'network_error' || code === 'timeout';

function describePause(code: RefreshPause['code'], retryAfter: number): string {
  const reason =
    code === 'rate_limited'
      ? 'The provider limits the rate of refreshes.'
      : `The last refreshes failed with ${code}, so the next one waits.`;
  return `${reason} Try again in ${retryAfter} seconds.`;
}

/** The pauses of one login, in which no refresh is sent. */
export interface RefreshPauses {
  /** Returns the error for a call during a pause. */
  find(tokens: PausedTokens): TransportError | undefined;
  /** Returns the pause that follows an error: `Retry-After` up to a limit, or else growing pauses. */
  create(tokens: PausedTokens, error: unknown): RefreshPause | undefined;
}

/**
 * Without `Retry-After`, the first failure causes no pause, so that one lost request can be repeated. Only a provider that
 * limits the rate is not asked again immediately (RFC 6585 section 4).
 */
export function createRefreshPauses(now: Clock): RefreshPauses {
  /** When the network or the user returned: pauses without a response of the provider then end. */
  let returnedAt = Number.NEGATIVE_INFINITY;
  let stopListening: (() => void) | undefined;

  function waitForReturn(): void {
    stopListening ??= listen(['online', 'focus'], () => {
      stopListening?.();
      stopListening = undefined;
      returnedAt = now();
    });
  }

  return {
    find({ pause }) {
      if (!pause) return undefined;
      const { startedAt, until, code } = pause;
      const remaining = until - now();
      // A clock that was set back does not prolong the pause.
      if (remaining <= 0 || now() < startedAt) return undefined;
      if (isUnanswered(code)) {
        // A return that seems to be in the future happened before the clock was set back.
        if (returnedAt >= startedAt && returnedAt <= now()) return undefined;
        waitForReturn();
      }
      const retryAfter = Math.ceil(remaining / 1000);
      return new TransportError(code, isDevelopment ? describePause(code, retryAfter) : '', { retryAfter });
    },
    create({ pause }, error) {
      if (!(error instanceof TransportError)) return undefined;
      const code = causes.find((cause) => cause === error.code);
      if (!code) return undefined;
      const isRepeated = pause !== undefined && now() < pause.until + doublingPeriod;
      const defaultLength = isRepeated
        ? Math.min(Math.max(pause.length * 2, firstPause), longestPause)
        : code === 'rate_limited'
          ? firstPause
          : 0;
      const { retryAfter } = error;
      const limit = longestRetryAfter[code === 'rate_limited' ? code : 'other'];
      const length = retryAfter === undefined ? defaultLength : Math.min(retryAfter * 1000, limit);
      // The provider's delay is used exactly. Default pauses vary, so that pages do not retry at the same moment.
      const delay = retryAfter === undefined ? Math.random() / 10 : 0;
      const startedAt = now();
      if (isUnanswered(code)) waitForReturn();
      return { startedAt, until: startedAt + length * (1 + delay), length, code };
    },
  };
}
