import assert from 'node:assert/strict';
import type { HttpBrowser } from '../../http-browser.ts';
import { data, type RowApp } from '../row.ts';
import { countLogins, followLogins } from './follow-logins.ts';

/**
 * Logs a user in, and makes each read of the store fail during `act`. Afterwards the user has the same cookies and is
 * signed in without another login.
 *
 * @param variant the configuration of the application that the user visits
 * @param act requests while the store is unavailable.
 */
export async function expectSessionsKept(
  app: RowApp,
  variant: string,
  act: (user: { readonly browser: HttpBrowser; readonly host: string }) => Promise<void>,
): Promise<void> {
  const host = app.findHost(variant);
  const browser = followLogins(app, await app.logIn('alice', host));
  const cookies = browser.cookies();
  const logins = countLogins(app);
  await app.setFaults({ get: 1_000_000 });
  await act({ browser, host });
  await app.setFaults({});
  assert.equal(countLogins(app), logins);
  assert.equal(browser.cookies(), cookies);
  const { html } = await browser.visit('/items');
  assert.equal(countLogins(app), logins);
  assert.ok(html.includes(data), html);
}
