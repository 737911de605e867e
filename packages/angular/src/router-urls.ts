import { Location } from '@angular/common';
import type { Injector } from '@angular/core';

/** Converts between URLs of the router (`/items?a=b`) and pages of the browser. */
export interface RouterUrls {
  /** @returns the absolute URL of a page */
  toPage(routerUrl: string): string;
  /** @returns `undefined` if the page does not belong to this application, for example another language of it */
  toRouterUrl(page: string): string | undefined;
}

/**
 * The base URL and the location strategy (path or hash) decide how the browser shows a URL of the router: `/users` is
 * `https://app.example.com/shop/users`, or `https://app.example.com/shop/#/users`.
 */
export function createRouterUrls(injector: Injector): RouterUrls {
  const toPage = (routerUrl: string) =>
    new URL(injector.get(Location).prepareExternalUrl(routerUrl), document.baseURI);
  return {
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
