import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { handleNodeRequest } from '@countersign/core/session/adapter';
import { openHttpBrowser } from '../support/http-browser.ts';
import type { Application, Kind, PageContent } from './application.ts';
import { applySetCookie, type User } from './run.ts';
import type { Worker } from './workers.ts';

/** Serves the application over HTTP. Returns the origin for each kind of session. */
export async function servePages(application: Application): Promise<Worker['origins']> {
  const serve = async (kind: Kind) => {
    const server = createServer((req, res) =>
      handleNodeRequest((request) => application.handle(kind, request), req, res),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  return { cookie: await serve('cookie'), stored: await serve('stored') };
}

/** What a browser receives that visits the page. */
export interface PageVisit extends PageContent {
  /** The status of the page, before a redirect is followed. */
  readonly status: number;
  /** The page has led to the provider, through the login route. */
  readonly hasStartedLogin: boolean;
}

/** Visits the page of a process as the browser of the user, and follows a redirect to the login. */
export async function visitPage(
  { origins }: Worker,
  user: User,
  { issuer }: { readonly issuer: string },
): Promise<PageVisit> {
  const browser = openHttpBrowser(origins[user.kind]);
  const visit = async (path: string | URL) => {
    const page = await browser.visit(path, { cookie: user.cookie });
    for (const text of page.headers['set-cookie'] ?? []) user.cookie = applySetCookie(user.cookie, text);
    return page;
  };
  const { status, location, html } = await visit('/');
  const login = location && (await visit(location));
  return {
    ...(status === 200 && (JSON.parse(html) as PageContent)),
    status,
    hasStartedLogin: login?.location?.origin === issuer,
  };
}
