import { isPlatformBrowser } from '@angular/common';
import {
  HttpErrorResponse,
  type HttpEvent,
  type HttpHandlerFn,
  type HttpInterceptorFn,
  type HttpRequest,
  HttpResponse,
} from '@angular/common/http';
import { inject, PLATFORM_ID } from '@angular/core';
import { type LoginHolder, LoginRequiredError } from '@countersign/core/browser';
import { catchError, from, type Observable, switchMap, tap, throwError } from 'rxjs';
import type { AuthHandle } from '../auth.ts';
import { warnAboutAmbiguousPath, warnAboutMissingAllowList } from '../config/allow-list-warnings.ts';
import { injectClients } from '../inject-auth.ts';
import { type ApiEntry, findApi } from './allow-list.ts';
import { SEND_ACCESS_TOKEN } from './send-access-token.ts';
import { startStepUp } from './step-up.ts';

/**
 * Adds the access token to requests that match an entry of `apis`, and to no other request. An expired token is
 * refreshed first; concurrent requests share one refresh. If the API rejects the token (`invalid_token`), the request is
 * sent once more with a new token. If there is no new token, or the API rejects each token, the response of the API is
 * returned as an error, and the login remains.
 *
 * A request belongs to the user who is signed in when it starts. If the user changes before it is sent, it fails with
 * `LoginRequiredError` instead of using the token of the other user. It also fails with `LoginRequiredError` if the user
 * is not signed in and the entry is not `optional`. If the token cannot be refreshed because the provider is temporarily
 * unavailable, it fails with `TransportError`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-7.1
 * @example
 * ```ts
 * import { provideHttpClient, withInterceptors } from '@angular/common/http';
 * import { authInterceptor, provideAuth } from '@countersign/angular';
 *
 * const providers = [
 *   provideHttpClient(withInterceptors([authInterceptor])),
 *   provideAuth({
 *     issuer: 'https://login.example.com',
 *     clientId: 'my-app',
 *     apis: [{ url: 'https://api.example.com' }],
 *   }),
 * ];
 * ```
 */
export const authInterceptor: HttpInterceptorFn = (request, next) => {
  // On a server the Host header determines the origin of a relative URL. Without a base, a relative URL matches no entry.
  const base = isPlatformBrowser(inject(PLATFORM_ID)) ? document.baseURI : undefined;
  const clients = injectClients();
  if (request.headers.has('authorization') || !request.context.get(SEND_ACCESS_TOKEN)) return next(request);
  const { method, urlWithParams: url } = request;
  for (const { auth, apis } of clients) {
    const entry = findApi(apis() ?? [], { url, method }, base);
    if (entry) {
      return send({ request, next, auth, entry, url: new URL(url, base).href, holder: auth.getHolder() });
    }
  }
  if (typeof ngDevMode === 'undefined' || ngDevMode) {
    warnAboutMissingAllowList(clients);
    warnAboutAmbiguousPath(clients, url, base);
  }
  return next(request);
};

interface Call {
  readonly request: HttpRequest<unknown>;
  readonly next: HttpHandlerFn;
  readonly auth: AuthHandle;
  readonly entry: ApiEntry;
  readonly url: string;
  /** The login at the start of the request. The request is sent only with a token of this login. */
  readonly holder: LoginHolder | null | undefined;
  /** The access token that the API rejected. Each reason allows one further attempt. */
  readonly rejectedToken?: string;
  /** The response with which the API rejected the token. The caller receives it if there is no other token. */
  readonly rejection?: HttpErrorResponse;
  readonly withNonce?: boolean;
}

function send(call: Call): Observable<HttpEvent<unknown>> {
  const { request, next, auth, entry, url, rejectedToken } = call;
  return from(authorize(call)).pipe(
    switchMap((authorization) => {
      if (!authorization) return next(request);
      const { headers, accessToken, holder } = authorization;
      const saveNonce = async (response: HttpErrorResponse | HttpResponse<unknown>) =>
        (await auth.browser).rememberNonce(url, response.headers).catch(() => false);
      return next(request.clone({ setHeaders: headers })).pipe(
        tap((event) => event instanceof HttpResponse && void saveNonce(event)),
        catchError((error: unknown) => {
          // Another interceptor or the application threw the error: it is not a response of the API.
          if (!(error instanceof HttpErrorResponse)) return throwError(() => error);
          return from(saveNonce(error)).pipe(
            switchMap((isNewNonce) => {
              const challenge = error.headers.get('www-authenticate') ?? '';
              if (isReplayable(request) && error.status === 401) {
                // RFC 9449 section 9: the API requires its nonce in the proof.
                if (isNewNonce && !call.withNonce && challenge.includes('use_dpop_nonce')) {
                  return send({ ...call, holder, withNonce: true });
                }
                if (rejectedToken === undefined && isTokenRejected(challenge)) {
                  return send({ ...call, holder, rejectedToken: accessToken, rejection: error });
                }
              }
              if (entry.stepUp && isCurrent(auth, holder)) startStepUp(auth, challenge);
              return throwError(() => error);
            }),
          );
        }),
      );
    }),
  );
}

/** Returns the headers and the token of a request, or undefined if it is sent without a token. */
async function authorize(call: Call) {
  const { request, auth, entry, url, holder, rejectedToken, rejection, withNonce } = call;
  const { resource, scope, optional } = entry;
  try {
    const browser = await auth.browser;
    const token = await browser.getAccessToken({ resource, scope, rejectedToken, holder });
    // The API rejects each token. A repetition with the same one would only cause the same response.
    if (rejection && token.accessToken === rejectedToken) throw rejection;
    const headers = await browser.authorize({ method: request.method, url }, token);
    return { headers, accessToken: token.accessToken, holder: token.holder ?? holder };
  } catch (error) {
    if (rejection && error instanceof LoginRequiredError && error.code === 'refresh_token_missing')
      throw rejection;
    if (!optional) throw error;
    if (!(error instanceof LoginRequiredError)) {
      // It is not known whether a user is signed in.
      if (auth.status() === 'error') return undefined;
      throw error;
    }
    // Without a token: a request that started without a login, or one that was not sent yet while no user is signed in.
    const isSent = withNonce || rejectedToken !== undefined;
    if (error.code === 'not_signed_in' || !(isSent || auth.isSignedIn())) return undefined;
    throw error;
  }
}

/** A challenge to the request of one user must not start a login of another user. */
const isCurrent = (auth: AuthHandle, holder: LoginHolder | null | undefined) =>
  holder?.sub === auth.getHolder()?.sub && holder?.login === auth.getHolder()?.login;

/** An empty challenge counts too: the API may not expose the header to this origin. */
const isTokenRejected = (challenge: string) => challenge === '' || /error="?invalid_token/i.test(challenge);

/** A stream can be read only once. Some test environments have no `ReadableStream`. */
const isReplayable = ({ body }: HttpRequest<unknown>) =>
  typeof ReadableStream === 'undefined' || !(body instanceof ReadableStream);
