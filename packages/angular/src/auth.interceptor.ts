import { isPlatformBrowser } from '@angular/common';
import {
  type HttpErrorResponse,
  type HttpEvent,
  type HttpHandlerFn,
  type HttpInterceptorFn,
  type HttpRequest,
  HttpResponse,
} from '@angular/common/http';
import { inject, PLATFORM_ID } from '@angular/core';
import { LoginRequiredError } from '@countersign/core/browser';
import { catchError, from, type Observable, switchMap, tap, throwError } from 'rxjs';
import { type ApiEntry, findApi } from './allow-list.ts';
import type { AuthHandle } from './auth.ts';
import { AUTH_CLIENTS } from './clients.ts';
import { stepUpFor } from './step-up.ts';
import { warnWithoutAllowList } from './warnings.ts';

/**
 * Attaches the access token to requests that the allow-list `apis` covers, and to no other. Requests wait for one
 * shared refresh. An API that no longer accepts a token gets the request once more, with a fresh one.
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
    if (entry) return send({ request, next, auth, entry, url: new URL(url, base).href });
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
  /** What was tried before: there is one further try for each reason, no more. */
  readonly refused?: string;
  readonly withNonce?: boolean;
}

function send(call: Call): Observable<HttpEvent<unknown>> {
  const { request, next, auth, entry, url, refused } = call;
  return from(prepare(call)).pipe(
    switchMap((prepared) => {
      if (!prepared) return next(request);
      const { headers, accessToken } = prepared;
      const remember = async (answer: HttpErrorResponse | HttpResponse<unknown>) =>
        (await auth.browser).rememberNonce(url, answer.headers);
      return next(request.clone({ setHeaders: headers })).pipe(
        tap((event) => event instanceof HttpResponse && void remember(event)),
        catchError((error: HttpErrorResponse) =>
          from(remember(error)).pipe(
            switchMap((isNewNonce) => {
              const challenge = error.headers?.get('www-authenticate') ?? '';
              if (isReplayable(request) && error.status === 401) {
                // The API wants its nonce in the proof (RFC 9449 section 9).
                if (isNewNonce && !call.withNonce && challenge.includes('use_dpop_nonce')) {
                  return send({ ...call, withNonce: true });
                }
                if (refused === undefined && isTokenRefused(challenge)) {
                  return send({ ...call, refused: accessToken });
                }
              }
              if (entry.stepUp) stepUpFor(auth, challenge);
              return throwError(() => error);
            }),
          ),
        ),
      );
    }),
  );
}

async function prepare({ request, auth, entry, url, refused }: Call) {
  const { resource, scope, optional } = entry;
  try {
    const browser = await auth.browser;
    const token = await browser.getAccessToken({ resource, scope, refused });
    const headers = await browser.authorize({ method: request.method, url }, token);
    return { headers, accessToken: token.accessToken };
  } catch (error) {
    if (optional && error instanceof LoginRequiredError) return undefined;
    throw error;
  }
}

/** A challenge that a page of another origin may not read counts as well: there is one further try, no more. */
const isTokenRefused = (challenge: string) => challenge === '' || /error="?invalid_token/i.test(challenge);

/** A stream is gone once it was read. */
const isReplayable = ({ body }: HttpRequest<unknown>) => !(body instanceof ReadableStream);
