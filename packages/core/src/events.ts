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
    };

/** Receives events. It must not throw; what it throws is ignored. */
export type EventListener = (event: AuthEvent) => void;

/** Calls a listener so that it can never break the caller. */
export function emit(listener: EventListener | undefined, event: AuthEvent): void {
  try {
    listener?.(event);
  } catch {
    // A listener's failure is its own.
  }
}
