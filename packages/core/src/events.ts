/** What happened, for logs, metrics and traces. No event carries a token, code, verifier, secret or cookie. */
export type AuthEvent =
  | { readonly type: 'metadata.fetched'; readonly issuer: string }
  | {
      readonly type: 'keys.fetched';
      readonly issuer: string;
      readonly reason: 'first' | 'stale' | 'unknown_kid';
    }
  | { readonly type: 'keys.failed'; readonly issuer: string; readonly code: string }
  | { readonly type: 'login.started'; readonly issuer: string; readonly clientId: string }
  | {
      readonly type: 'login.succeeded';
      readonly issuer: string;
      readonly clientId: string;
      readonly sub?: string;
    }
  | {
      readonly type: 'login.failed';
      readonly issuer: string;
      readonly clientId: string;
      readonly code: string;
    }
  | {
      readonly type: 'refresh.started';
      readonly issuer: string;
      readonly clientId: string;
      readonly resource?: string;
    }
  | {
      readonly type: 'refresh.succeeded';
      readonly issuer: string;
      readonly clientId: string;
      readonly rotated: boolean;
    }
  | {
      readonly type: 'refresh.failed';
      readonly issuer: string;
      readonly clientId: string;
      readonly code: string;
    }
  | {
      readonly type: 'refresh.adopted';
      readonly issuer: string;
      readonly clientId: string;
      readonly from: 'session' | 'successor';
    }
  | {
      readonly type: 'session.ended';
      readonly issuer: string;
      readonly reason: 'logout' | 'invalid_grant' | 'expired' | 'backchannel_logout';
    }
  | {
      /** A request was answered with an error. Without a listener it is written to the console. */
      readonly type: 'request.failed';
      /** The route, for example `callback`, or the part of the application, for example `proxy`. */
      readonly route: string;
      /** The HTTP status of the response. */
      readonly status: number;
      /** The code of the error; `unexpected_error` for one that is not of this library. */
      readonly code: string;
      /** The claim or check that failed. */
      readonly check?: string;
    }
  | { readonly type: 'store.unavailable'; readonly port: 'lock' | 'successor' | 'session' | 'replay' }
  | { readonly type: 'token.accepted'; readonly issuer: string; readonly cached: boolean }
  | {
      readonly type: 'token.rejected';
      readonly code: string;
      /** The claim or check that failed. */
      readonly check?: string;
      readonly issuer?: string;
      /** The message of the application's own check that refused the token, at most 300 characters. */
      readonly reason?: string;
    }
  | {
      /** A request could be neither accepted nor refused, because something cannot be reached; it is answered with 503. */
      readonly type: 'token.unavailable';
      readonly code: string;
      /** The message of the application's own check that failed, at most 300 characters. */
      readonly reason?: string;
    };

/** Receives events. What it throws, or its promise rejects with, is ignored. */
export type EventListener = (event: AuthEvent) => void;

/** Calls a listener so that it can never break the caller. */
export function callListener(listener: EventListener | undefined, event: AuthEvent): void {
  try {
    const result = listener?.(event) as { then?: unknown } | undefined;
    // A listener may be asynchronous: its rejection must not become an unhandled one, which ends a process of Node.
    if (typeof result?.then === 'function') Promise.resolve(result).catch(() => {});
  } catch {
    // A listener's failure is its own.
  }
}
