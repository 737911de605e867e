import type { HttpRequest } from '@angular/common/http';
import { HttpTestingController, type RequestMatch, type TestRequest } from '@angular/common/http/testing';
import { inject } from '@angular/core';

/** Which requests are meant: an address, a method and address, or a predicate. */
export type RequestMatcher = string | RequestMatch | ((request: HttpRequest<unknown>) => boolean);

/** What an API may ask for beyond a valid token. @see RFC 9470 section 4, RFC 6750 section 3.1 */
export interface StepUpChallenge {
  /** Space-separated: the token lacks it. Without it, another login is wanted. */
  readonly scope?: string;
  readonly acrValues?: readonly string[];
  /** Seconds since the user last proved who they are. */
  readonly maxAge?: number;
}

/** Requests of the code under test that went through `authInterceptor`. */
export interface AuthRequests {
  /**
   * The next request that matches. The interceptor waits for a token before it sends anything, so a request is not
   * there yet when `HttpTestingController.expectOne` would look for it.
   *
   * @throws Error when several match, or none within a second
   */
  next(match: RequestMatcher): Promise<TestRequest>;
  /** Answers as an API that does not accept the token any more; the interceptor then tries once more. */
  refuseToken(request: TestRequest): void;
  /** Answers as an API that asks for another login or a further scope. */
  askForStepUp(request: TestRequest, challenge: StepUpChallenge): void;
}

/** @throws Error that names what was attached instead: no token, or another one */
export function expectTokenAttached({ request }: TestRequest, token?: string): void {
  const attached = request.headers.get('authorization');
  if (attached === null) throw new Error(`${nameOf(request)} has no token: no entry of apis covers it.`);
  if (!/^(Bearer|DPoP) /.test(attached)) {
    throw new Error(`${nameOf(request)} has "${attached}" and no access token.`);
  }
  if (token !== undefined && attached.slice(attached.indexOf(' ') + 1) !== token) {
    throw new Error(`${nameOf(request)} has "${attached}" instead of the token "${token}".`);
  }
}

/** @throws Error when the request has a token, or a proof that belongs to one */
export function expectNoTokenAttached({ request }: TestRequest): void {
  const attached = request.headers.get('authorization') ?? request.headers.get('dpop');
  if (attached !== null) throw new Error(`${nameOf(request)} was given "${attached}".`);
}

/** In an injection context, with `provideHttpClientTesting()` among the providers. */
export function injectAuthRequests(): AuthRequests {
  const controller = inject(HttpTestingController);
  const refuse = (request: TestRequest, status: number, challenge: string) =>
    request.flush(null, {
      status,
      statusText: status === 403 ? 'Forbidden' : 'Unauthorized',
      headers: { 'WWW-Authenticate': `Bearer ${challenge}` },
    });
  return {
    async next(match) {
      const patience = Date.now() + 1000;
      let found = controller.match(match as RequestMatch);
      while (found.length === 0 && Date.now() < patience) {
        await new Promise((resolve) => setTimeout(resolve));
        found = controller.match(match as RequestMatch);
      }
      const [request] = found;
      if (request && found.length === 1) return request;
      throw new Error(`${found.length} requests match ${describe(match)}, where there should be one.`);
    },
    refuseToken: (request) => refuse(request, 401, 'error="invalid_token"'),
    askForStepUp(request, { scope, acrValues, maxAge }) {
      if (scope !== undefined) return refuse(request, 403, `error="insufficient_scope", scope="${scope}"`);
      const wanted = [
        'error="insufficient_user_authentication"',
        ...(acrValues ? [`acr_values="${acrValues.join(' ')}"`] : []),
        ...(maxAge === undefined ? [] : [`max_age="${maxAge}"`]),
      ];
      return refuse(request, 401, wanted.join(', '));
    },
  };
}

const nameOf = ({ method, urlWithParams }: HttpRequest<unknown>) => `${method} ${urlWithParams}`;

const describe = (match: RequestMatcher) =>
  typeof match === 'function'
    ? 'the predicate'
    : typeof match === 'string'
      ? match
      : `${match.method ?? 'any method'} ${match.url ?? 'any address'}`;
