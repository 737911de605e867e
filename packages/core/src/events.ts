/**
 * An event, for logs, metrics and traces. No event contains a token, code, verifier, secret or cookie.
 *
 * `code` is the code of an error. `issuer` and `clientId` identify the client.
 */
export type AuthEvent =
  | {
      /** The metadata of the provider was fetched. */
      readonly type: 'metadata.fetched';
      readonly issuer: string;
    }
  | {
      /** The keys of the provider were fetched. */
      readonly type: 'keys.fetched';
      readonly issuer: string;
      /** `stale`: the cached keys expired. `unknown_kid`: no cached key matched a token. */
      readonly reason: 'first' | 'stale' | 'unknown_kid';
    }
  | {
      /**
       * The keys of the provider could not be fetched: those of an API, or the expired keys of a client. Without a listener,
       * the failure is written to the console.
       */
      readonly type: 'keys.failed';
      readonly issuer: string;
      readonly code: string;
      /** The message of the error: what was expected and found, and a remedy. Contains no secret. */
      readonly reason?: string;
    }
  | {
      /**
       * The provider was recognized by its issuer or endpoints, at most once for each client of a server; a browser client
       * does not report it. Set the option `provider` to select it. Without a listener, it is written to the console.
       */
      readonly type: 'provider.recognized';
      readonly issuer: string;
      /** The name of the preset. */
      readonly name: string;
    }
  | {
      /** A login started: the authorization URL was created. */
      readonly type: 'login.started';
      readonly issuer: string;
      readonly clientId: string;
    }
  | {
      /** A login succeeded: all tokens are valid. */
      readonly type: 'login.succeeded';
      readonly issuer: string;
      readonly clientId: string;
      /** The user. Absent without an ID token. */
      readonly sub?: string;
    }
  | {
      /**
       * A login failed: on a server when its code was exchanged; in a browser also when it was started. Without a
       * listener, a browser writes the failure to the console.
       */
      readonly type: 'login.failed';
      readonly issuer: string;
      readonly clientId: string;
      readonly code: string;
    }
  | {
      /** A callback failed for an expected reason, and the user was redirected without an error page. */
      readonly type: 'login.recovered';
      readonly issuer: string;
      readonly code: string;
      /** The failed check. */
      readonly check?: string;
      /**
       * `restart`: the login was started again, once. `session`: the user is signed in already. `return`: a silent login
       * (`prompt=none`) returned to its page with the parameter `loginError`.
       */
      readonly by: 'restart' | 'session' | 'return';
      /** The `error` of a response that failed its validation. Anyone may have written it. */
      readonly unverifiedError?: string;
    }
  | {
      /** A refresh request is sent. */
      readonly type: 'refresh.started';
      readonly issuer: string;
      readonly clientId: string;
      /** The requested resource indicator, if any. */
      readonly resource?: string;
    }
  | {
      /** A refresh succeeded. */
      readonly type: 'refresh.succeeded';
      readonly issuer: string;
      readonly clientId: string;
      /** True if the response has a new refresh token. */
      readonly rotated: boolean;
    }
  | {
      /** A refresh failed. Without a listener, it is written to the console, unless the login has ended. */
      readonly type: 'refresh.failed';
      readonly issuer: string;
      readonly clientId: string;
      readonly code: string;
      /** The HTTP status of the response, if a response is the reason. */
      readonly status?: number;
      /** The OAuth `error` of the response, if it contains one. */
      readonly error?: string;
    }
  | {
      /** The ID token of a refresh response was not stored: it is invalid, differs from that of the login, or does not fit in cookies. */
      readonly type: 'id_token.ignored';
      readonly issuer: string;
      readonly clientId: string;
      readonly code: string;
      /** The failed claim or check. */
      readonly check?: string;
    }
  | {
      /** The tokens of another caller's refresh were used instead of a new request. */
      readonly type: 'refresh.reused';
      readonly issuer: string;
      readonly clientId: string;
      /** Where the tokens were found. */
      readonly from: 'session' | 'successor';
    }
  | {
      /**
       * A session ended. `replaced`: by a new login in the same browser. `other_user`: a refresh response contains an ID
       * token of another user.
       */
      readonly type: 'session.ended';
      readonly issuer: string;
      readonly reason:
        | 'logout'
        | 'replaced'
        | 'invalid_grant'
        | 'other_user'
        | 'expired'
        | 'backchannel_logout';
    }
  | {
      /**
       * A part of a logout failed. `session`: the session store is unavailable, and the logout is repeated in the background.
       * `refresh_token`: it was not revoked. `provider`: the address of the logout at the provider is unknown.
       */
      readonly type: 'logout.incomplete';
      readonly issuer: string;
      readonly clientId: string;
      readonly part: 'session' | 'refresh_token' | 'provider';
      readonly code: string;
    }
  | {
      /** The provider redirected the user back after a logout. */
      readonly type: 'logout.returned';
      readonly issuer: string;
      /** True if the `state` is that of the logout of this browser. */
      readonly verified: boolean;
    }
  | {
      /** A request failed, and the response is an error. Without a listener, the error is written to the console. */
      readonly type: 'request.failed';
      /** The route, for example `callback`, or the part of the application, for example `proxy`. */
      readonly route: string;
      /** The HTTP status of the response. */
      readonly status: number;
      /** The code of the error, or `unexpected_error` if it is not an error of this library. */
      readonly code: string;
      /** The failed claim or check. */
      readonly check?: string;
      /** The `error` of the provider's response. */
      readonly providerError?: string;
      /** The `error_description` of the provider's response: untrusted text, at most 300 characters. */
      readonly providerErrorDescription?: string;
      /** The `error` of an authorization response that failed its validation. Anyone may have written it. */
      readonly unverifiedError?: string;
    }
  | {
      /** The user was inactive for too long in the browser, and is logged out. */
      readonly type: 'session.idle';
      readonly issuer: string;
      readonly clientId: string;
    }
  | {
      /** The claims of the userinfo endpoint could not be fetched. Those of the ID token remain. */
      readonly type: 'userinfo.failed';
      readonly issuer: string;
      readonly clientId: string;
      readonly code: string;
    }
  | {
      /** A browser does not offer a feature to the page. The client works without it, with limits. */
      readonly type: 'browser.feature_missing';
      readonly feature:
        | 'BroadcastChannel'
        | 'crypto.subtle'
        | 'IndexedDB'
        | 'sessionStorage'
        | 'Web Locks'
        | 'Worker';
    }
  | {
      /** The page to return to after a login is not used: the user returns to the default page. */
      readonly type: 'return_to.rejected';
      /**
       * `too_long`: it does not fit in the cookies, or the browser has lost the cookie of the login and it does not fit in
       * `state`. `not_allowed`: it is not an address of the application.
       */
      readonly reason: 'too_long' | 'not_allowed';
      /** Characters of the rejected value. */
      readonly length: number;
    }
  | {
      /**
       * The cookies of a session are so large that servers and proxies with default limits may reject them. The console
       * names the remedy once for each process.
       */
      readonly type: 'session.large';
      /** Bytes of the session's `Set-Cookie` headers. */
      readonly bytes: number;
      /** Count of the session's cookies. */
      readonly cookies: number;
    }
  | {
      /** An access token is not stored in the session cookie, because it does not fit. */
      readonly type: 'session.token_omitted';
      /** The resource of the token, if it was requested for one. */
      readonly resource?: string;
    }
  | {
      /** A lock or store is unavailable. */
      readonly type: 'store.unavailable';
      readonly port: 'lock' | 'successor' | 'session' | 'replay';
    }
  | {
      /** An API accepted an access token. */
      readonly type: 'token.accepted';
      readonly issuer: string;
      /** True if the result of an earlier validation was used. */
      readonly cached: boolean;
    }
  | {
      /** An API rejected an access token. Without a listener, a limited number is written to the console. */
      readonly type: 'token.rejected';
      readonly code: string;
      /** The failed claim or check. */
      readonly check?: string;
      readonly issuer?: string;
      /**
       * The message of the application's check that rejected the token, at most 300 characters. It can contain a secret. With
       * the check `keys`: that too many keys fit.
       */
      readonly reason?: string;
      /** The name and code of the error with this message, if it is not an error of this library. For logs. */
      readonly errorName?: string;
      /** What the check expected. Never set in production, and only if it compares `iss`, `aud`, `typ`, `alg` or a time. */
      readonly expected?: string;
      /** What the check found instead; set together with `expected`. From an unverified token, without control characters. */
      readonly found?: string;
    }
  | {
      /**
       * An API could not validate an access token, because a service is unavailable. The response is a 503. Without a
       * listener, a limited number is written to the console.
       */
      readonly type: 'token.unavailable';
      readonly code: string;
      /**
       * The message of the error that is the cause, for example of a failed introspection or of the application's check, at
       * most 300 characters. That of another library can contain a secret.
       */
      readonly reason?: string;
      /** The name and code of the error with this message, if it is not an error of this library. For logs. */
      readonly errorName?: string;
    };

/** Receives events. An error that it throws, or a rejected promise that it returns, is ignored. */
export type EventListener = (event: AuthEvent) => void;

/** Calls a listener. An error of the listener does not affect the caller. */
export function callListener(listener: EventListener | undefined, event: AuthEvent): void {
  try {
    const result = listener?.(event) as { then?: unknown } | undefined;
    // An asynchronous listener may reject. An unhandled rejection would terminate a Node process.
    if (typeof result?.then === 'function') Promise.resolve(result).catch(() => {});
  } catch {
    // The listener failed. The operation continues.
  }
}

/** Calls a listener. Without one, the text, or else the event, is written to the console. */
export function emitEventOrLog(listener: EventListener | undefined, event: AuthEvent, text: string): void {
  if (listener) callListener(listener, event);
  else console.warn(`countersign: ${text || JSON.stringify(event)}`);
}
