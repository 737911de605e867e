import { isPlatformBrowser } from '@angular/common';
import {
  type HttpErrorResponse,
  type HttpEvent,
  type HttpHandlerFn,
  type HttpInterceptorFn,
  type HttpRequest,
} from '@angular/common/http';
import { inject, isDevMode, PLATFORM_ID } from '@angular/core';
import { LoginRequiredError } from '@countersign/core/browser';
import { catchError, from, type Observable, switchMap, throwError } from 'rxjs';
import { type ApiEntry, findApi } from './allow-list.ts';
import type { AuthHandle } from './auth.ts';
import { AUTH_CLIENTS, type AuthClient } from './clients.ts';

/**
 * Attaches the access token to requests that the allow-list `apis` covers, and to no other. Requests wait for one
 * shared refresh. An API that no longer accepts a token gets the request once more, with a fresh one.
 *
 * @see RFC 6750 section 2.1, RFC 9449 section 7.1
 */
export const authInterceptor: HttpInterceptorFn = (request, next) => {
  // On a server there is no user, and a relative address belongs to whoever sent the Host header: never a token there.
  if (!isPlatformBrowser(inject(PLATFORM_ID))) return next(request);
  const clients = inject(AUTH_CLIENTS, { optional: true }) ?? [];
  if (request.headers.has('authorization')) return next(request);
  for (const { auth, apis } of clients) {
    const entry = findApi(
      apis() ?? [],
      { url: request.urlWithParams, method: request.method },
      document.baseURI,
    );
    if (entry) return send(request, next, auth, entry);
  }
  if (isDevMode()) warnWithoutAllowList(clients);
  return next(request);
};

function send(
  request: HttpRequest<unknown>,
  next: HttpHandlerFn,
  auth: AuthHandle,
  entry: ApiEntry,
  refused?: string,
): Observable<HttpEvent<unknown>> {
  const { resource, scope, optional } = entry;
  const token = auth.accessToken({ resource, scope, refused }).catch((error: unknown) => {
    if (optional && error instanceof LoginRequiredError) return undefined;
    throw error;
  });
  return from(token).pipe(
    switchMap((found) => {
      if (!found) return next(request);
      const { accessToken, tokenType } = found;
      return next(request.clone({ setHeaders: { authorization: `${tokenType} ${accessToken}` } })).pipe(
        catchError((error: HttpErrorResponse) =>
          refused === undefined && isTokenRefused(error) && isReplayable(request)
            ? send(request, next, auth, entry, accessToken)
            : throwError(() => error),
        ),
      );
    }),
  );
}

/** A challenge that a page of another origin may not read counts as well: there is one further try, no more. */
function isTokenRefused({ status, headers }: HttpErrorResponse): boolean {
  const challenge = headers?.get('www-authenticate');
  return status === 401 && (!challenge || /error="?invalid_token/i.test(challenge));
}

/** A stream is gone once it was read. */
const isReplayable = ({ body }: HttpRequest<unknown>) => !(body instanceof ReadableStream);

let warned = false;

function warnWithoutAllowList(clients: readonly AuthClient[]): void {
  if (warned || clients.some(({ apis }) => apis() === undefined || apis()?.length)) return;
  warned = true;
  console.error(
    'authInterceptor is installed, but no API is allowed to get the access token, so none gets it. ' +
      "Write provideAuth({ ..., apis: [{ url: 'https://api.example.com' }] }), or remove the interceptor.",
  );
}
