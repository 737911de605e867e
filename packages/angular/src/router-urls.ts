import { Location, LocationStrategy } from '@angular/common';
import type { Injector } from '@angular/core';

/** Converts between URLs of the router (`/items?a=b`) and pages of the browser. */
export interface RouterUrls {
  /** @returns the base URL of the application, with a slash at its end */
  getBaseUrl(): string;
  /** @returns the absolute URL of a page */
  toPage(routerUrl: string): string;
  /** @returns `undefined` if the page does not belong to this application, for example another language of it */
  toRouterUrl(page: string): string | undefined;
}

/**
 * The base URL and the location strategy (path or hash) decide how the browser shows a URL of the router: `/users` is
 * `https://app.example.com/shop/users`, or `https://app.example.com/shop/#/users`. The base URL is `APP_BASE_HREF`, or else
 * the element `<base>`.
 */
export function createRouterUrls(injector: Injector): RouterUrls {
  const toPage = (routerUrl: string) =>
    new URL(injector.get(Location).prepareExternalUrl(routerUrl), document.baseURI);
  return {
    getBaseUrl() {
      // Only an injector without Angular's root providers has no strategy.
      const rootHref = injector.get(LocationStrategy, null)?.prepareExternalUrl('/');
      const root = new URL(rootHref ?? '#', document.baseURI);
      // With hash routing, all pages have one path.
      return rootHref === undefined || root.hash
        ? document.baseURI
        : new URL(root.pathname.replace(/\/?$/, '/'), root).href;
    },
    toPage: (routerUrl) => toPage(routerUrl).href,
    toRouterUrl(page) {
      const root = toPage('/');
      const { pathname, search, hash } = new URL(page, document.baseURI);
      if (root.hash) return `/${hash.startsWith(root.hash) ? hash.slice(root.hash.length) : ''}`;
      const isWithin = `${pathname}/`.startsWith(root.pathname);
      return isWithin ? injector.get(Location).normalize(pathname + search + hash) : undefined;
    },
  };
}
