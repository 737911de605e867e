import type { HttpBrowser } from '../../http-browser.ts';
import { findLogin, type RowApp } from '../row.ts';

/** A browser that follows each redirect to a login, up to the login page of the provider. It still returns the first response. */
export function followLogins(app: RowApp, browser: HttpBrowser): HttpBrowser {
  return {
    ...browser,
    async visit(path, options) {
      const page = await browser.visit(path, options);
      const login = findLogin(page);
      const location = login === undefined ? page.location : (await browser.visit(login)).location;
      if (location?.origin === app.op.issuer) await app.op.authorize(location);
      return page;
    },
  };
}

/** Counts the logins that have reached the provider. */
export const countLogins = ({ op }: RowApp): number => op.requestsTo('authorization').length;
