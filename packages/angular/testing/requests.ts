import type { HttpRequest } from '@angular/common/http';
import { HttpTestingController, type RequestMatch, type TestRequest } from '@angular/common/http/testing';
import { inject } from '@angular/core';

/** Selects requests: a URL, a method and URL, or a predicate. */
export type RequestMatcher = string | RequestMatch | ((request: HttpRequest<unknown>) => boolean);

/**
 * The challenge of an API that requires another scope or another login.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 */
export interface StepUpChallenge {
  /** The required scope, space-separated. Default: the API requires another login. */
  readonly scope?: string;
  /** The required authentication context classes. Default: none. */
  readonly acrValues?: readonly string[];
  /** The maximum age of the login in seconds. Default: none. */
  readonly maxAge?: number;
}

/** The requests that the code under test sends through `authInterceptor`. */
export interface AuthRequests {
  /**
   * Waits for the next request that matches. `HttpTestingController.expectOne` does not find the request, because the
   * interceptor waits for the token before it sends the request.
   *
   * @throws Error if several requests match, or none within one second
   */
  waitFor(match: RequestMatcher): Promise<TestRequest>;
  /** Responds like an API that rejects the token (401 `invalid_token`). The interceptor sends the request once more. */
  rejectToken(request: TestRequest): void;
  /** Responds like an API that requires another scope (403) or another login (401). */
  requireStepUp(request: TestRequest, challenge: StepUpChallenge): void;
}

/**
 * Asserts that a request has an access token.
 *
 * @param token the expected access token. Default: any access token
 * @throws Error if the request has no access token, or another one
 * @example
 * ```ts
 * import type { TestRequest } from '@angular/common/http/testing';
 * import { expectTokenAttached } from '@countersign/angular/testing';
 *
 * export function check(request: TestRequest): void {
 *   expectTokenAttached(request, 'test-token');
 * }
 * ```
 */
export function expectTokenAttached({ request }: TestRequest, token?: string): void {
  const authorization = request.headers.get('authorization');
  if (authorization === null) {
    throw new Error(`${formatRequest(request)} has no access token: no entry of apis matches it.`);
  }
  if (!/^(Bearer|DPoP) /.test(authorization)) {
    throw new Error(`${formatRequest(request)} has "${authorization}", expected an access token.`);
  }
  if (token !== undefined && authorization.slice(authorization.indexOf(' ') + 1) !== token) {
    throw new Error(`${formatRequest(request)} has "${authorization}", expected the token "${token}".`);
  }
}

/**
 * Asserts that a request has neither an `Authorization` header nor a DPoP proof.
 *
 * @throws Error if the request has one of them
 * @example
 * ```ts
 * import type { TestRequest } from '@angular/common/http/testing';
 * import { expectNoTokenAttached } from '@countersign/angular/testing';
 *
 * export function check(request: TestRequest): void {
 *   expectNoTokenAttached(request);
 * }
 * ```
 */
export function expectNoTokenAttached({ request }: TestRequest): void {
  const credential = request.headers.get('authorization') ?? request.headers.get('dpop');
  if (credential !== null) {
    throw new Error(`${formatRequest(request)} has "${credential}", expected no access token.`);
  }
}

/**
 * Returns the requests that the code under test sends. Call it in an injection context with
 * `provideHttpClientTesting()`.
 *
 * @example
 * ```ts
 * import { HttpClient, provideHttpClient, withInterceptors } from '@angular/common/http';
 * import { provideHttpClientTesting } from '@angular/common/http/testing';
 * import { TestBed } from '@angular/core/testing';
 * import { authInterceptor } from '@countersign/angular';
 * import { expectTokenAttached, injectAuthRequests, provideAuthTesting } from '@countersign/angular/testing';
 *
 * const url = 'https://api.example.com/items';
 * TestBed.configureTestingModule({
 *   providers: [
 *     provideHttpClient(withInterceptors([authInterceptor])),
 *     provideHttpClientTesting(),
 *     provideAuthTesting({ user: { sub: 'user-1' } }, { apis: [{ url }] }),
 *   ],
 * });
 * const requests = TestBed.runInInjectionContext(() => injectAuthRequests());
 * TestBed.inject(HttpClient).get(url).subscribe();
 * const request = await requests.waitFor(url);
 * expectTokenAttached(request);
 * request.flush([]);
 * ```
 */
export function injectAuthRequests(): AuthRequests {
  const controller = inject(HttpTestingController);
  const respond = (request: TestRequest, status: number, challenge: string) =>
    request.flush(null, {
      status,
      statusText: status === 403 ? 'Forbidden' : 'Unauthorized',
      headers: { 'WWW-Authenticate': `Bearer ${challenge}` },
    });
  return {
    async waitFor(match) {
      const deadline = Date.now() + 1000;
      let matches = controller.match(match as RequestMatch);
      while (matches.length === 0 && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve));
        matches = controller.match(match as RequestMatch);
      }
      const [request] = matches;
      if (request && matches.length === 1) return request;
      throw new Error(`${matches.length} requests match ${formatMatcher(match)}, expected 1.`);
    },
    rejectToken: (request) => respond(request, 401, 'error="invalid_token"'),
    requireStepUp(request, { scope, acrValues, maxAge }) {
      if (scope !== undefined) return respond(request, 403, `error="insufficient_scope", scope="${scope}"`);
      const parameters = [
        'error="insufficient_user_authentication"',
        ...(acrValues ? [`acr_values="${acrValues.join(' ')}"`] : []),
        ...(maxAge === undefined ? [] : [`max_age="${maxAge}"`]),
      ];
      return respond(request, 401, parameters.join(', '));
    },
  };
}

const formatRequest = ({ method, urlWithParams }: HttpRequest<unknown>) => `${method} ${urlWithParams}`;

const formatMatcher = (match: RequestMatcher) =>
  typeof match === 'function'
    ? 'the predicate'
    : typeof match === 'string'
      ? match
      : `${match.method ?? 'any method'} ${match.url ?? 'any URL'}`;
