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
import { type ApiEntry, findApi } from '../config/allow-list.ts';
import { warnWithoutAllowList } from '../config/allow-list-warnings.ts';
import { AUTH_CLIENTS } from '../inject-auth.ts';
import { stepUpFor } from './step-up.ts';

/**
 * Attaches the access token to requests that the allow-list `apis` covers, and to no other. Requests wait for one
 * shared refresh. An API that no longer accepts a token gets the request once more, with a fresh one. A request belongs
 * to the login with which it began: when another user logs in meanwhile, it fails with a `LoginRequiredError`.
 *
 * @see RFC 6750 section 2.1, RFC 9449 section 7.1
 */
export const authInterceptor: HttpInterceptorFn = (request, next) => {
  // On a server a relative address belongs to whoever sent the Host header: without a base it is covered by no entry.
  const base = isPlatformBrowser(inject(PLATFORM_ID)) ? document.baseURI : undefined;
  const clients = inject(AUTH_CLIENTS, { optional: true }) ?? [];
  if (request.headers.has('authorization')) return next(request);
  const { method, urlWithParams: url } = request;
  for (const { auth, apis } of clients) {
    const entry = findApi(apis() ?? [], { url, method }, base);
    if (entry) {
      return send({ request, next, auth, entry, url: new URL(url, base).href, holder: auth.holder() });
    }
  }
  if (typeof ngDevMode === 'undefined' || ngDevMode) warnWithoutAllowList(clients);
  return next(request);
};

interface Call {
  readonly request: HttpRequest<unknown>;
  readonly next: HttpHandlerFn;
  readonly auth: AuthHandle;
  readonly entry: ApiEntry;
  readonly url: string;
  /** The login that the request began with: it is sent with a token of this one, or not at all. */
  readonly holder: LoginHolder | null | undefined;
  /** What was tried before: there is one further try for each reason, no more. */
  readonly refused?: string;
  readonly withNonce?: boolean;
}

function send(call: Call): Observable<HttpEvent<unknown>> {
  const { request, next, auth, entry, url, refused } = call;
  return from(prepare(call)).pipe(
    switchMap((prepared) => {
      if (!prepared) return next(request);
      const { headers, accessToken, holder } = prepared;
      const remember = async (answer: HttpErrorResponse | HttpResponse<unknown>) =>
        (await auth.browser).rememberNonce(url, answer.headers).catch(() => false);
      return next(request.clone({ setHeaders: headers })).pipe(
        tap((event) => event instanceof HttpResponse && void remember(event)),
        catchError((error: unknown) => {
          // Not an answer of the API: another interceptor, or the application, has thrown it.
          if (!(error instanceof HttpErrorResponse)) return throwError(() => error);
          return from(remember(error)).pipe(
            switchMap((isNewNonce) => {
              const challenge = error.headers.get('www-authenticate') ?? '';
              if (isReplayable(request) && error.status === 401) {
                // The API wants its nonce in the proof (RFC 9449 section 9).
                if (isNewNonce && !call.withNonce && challenge.includes('use_dpop_nonce')) {
                  return send({ ...call, holder, withNonce: true });
                }
                if (refused === undefined && isTokenRefused(challenge)) {
                  return send({ ...call, holder, refused: accessToken });
                }
              }
              if (entry.stepUp && isCurrent(auth, holder)) stepUpFor(auth, challenge);
              return throwError(() => error);
            }),
          );
        }),
      );
    }),
  );
}

async function prepare({ request, auth, entry, url, holder, refused, withNonce }: Call) {
  const { resource, scope, optional } = entry;
  try {
    const browser = await auth.browser;
    const token = await browser.getAccessToken({ resource, scope, refused, holder });
    const headers = await browser.authorize({ method: request.method, url }, token);
    return { headers, accessToken: token.accessToken, holder: token.holder ?? holder };
  } catch (error) {
    if (!(optional && error instanceof LoginRequiredError)) throw error;
    // As a guest: what began as one, or what was not sent yet, while no other user is signed in.
    const isSent = withNonce || refused !== undefined;
    if (error.code === 'not_signed_in' || !(isSent || auth.isSignedIn())) return undefined;
    throw error;
  }
}

/** What an API asks of one user is not asked of another. */
const isCurrent = (auth: AuthHandle, holder: LoginHolder | null | undefined) =>
  holder?.sub === auth.holder()?.sub && holder?.login === auth.holder()?.login;

/** A challenge that a page of another origin may not read counts as well: there is one further try, no more. */
const isTokenRefused = (challenge: string) => challenge === '' || /error="?invalid_token/i.test(challenge);

/** A stream is gone once it was read. Test environments have no streams. */
const isReplayable = ({ body }: HttpRequest<unknown>) =>
  typeof ReadableStream === 'undefined' || !(body instanceof ReadableStream);
