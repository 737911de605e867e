import { Location } from '@angular/common';
import type { Injector } from '@angular/core';
import { Router } from '@angular/router';
import type { BrowserAuth } from '@countersign/core/browser';
import type { RouterUrls } from './router-urls.ts';

/** The pages that show a failed login, and how another page is shown. */
export interface FailurePageOptions {
  readonly redirectUri: string;
  readonly errorRoute: string | undefined;
  /** Whether this page is the callback of a login that failed. */
  readonly isCallbackFailed: boolean;
  readonly routerUrls: RouterUrls;
  readonly showPage: (page: string) => void;
}

/**
 * Shows the page that was wanted when the cause of a failed login is gone: the network has returned, or the user has logged
 * in in another tab. The callback page is empty then, and the error route has no error to show. A page that the user has
 * opened meanwhile stays.
 */
export function leaveFailurePage(
  injector: Injector,
  { snapshot, subscribe, start }: BrowserAuth,
  { redirectUri, errorRoute, isCallbackFailed, routerUrls, showPage }: FailurePageOptions,
): void {
  let isFailed = isCallbackFailed;
  let previousStatus = snapshot().status;
  subscribe(() => {
    const wasUnknown = previousStatus === 'error';
    const { status, error } = snapshot();
    previousStatus = status;
    if (error || !(status === 'signed-in' || (status === 'signed-out' && wasUnknown))) return;
    if (!isFailed && errorRoute === undefined) return;
    const address = injector.get(Location).path(true) || '/';
    if (isFailed) {
      if (status !== 'signed-in') return;
      isFailed = false;
      if (toPath(address) === toPath(routerUrls.toRouterUrl(redirectUri) ?? '')) {
        void start().then(({ returnTo = '/' }) => showPage(returnTo));
        return;
      }
    }
    const router = injector.get(Router);
    const isErrorRouteShown = errorRoute !== undefined && toPath(router.url) === toPath(errorRoute);
    // The address bar keeps the requested page.
    if (isErrorRouteShown && toPath(address) !== toPath(errorRoute)) void router.navigateByUrl(address);
  });
}

const toPath = (url: string) => url.split(/[?#]/)[0] || '/';
