import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { HttpBrowser, Visit, VisitedPage } from '../support/http-browser.ts';
import type { NextApp } from './next-app.ts';

/** The environment variables of an application with `trailingSlash: true`. */
export const trailingSlash = { TRAILING_SLASH: '1' };

/**
 * Builds the application beside its other builds.
 *
 * @param options `environment`: selects the configuration and its folder; `args`: arguments of `next build`
 */
export function buildNext(
  folder: string,
  {
    environment,
    args = [],
  }: { readonly environment: Record<string, string>; readonly args?: readonly string[] },
): void {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [createRequire(join(folder, 'package.json')).resolve('next/dist/bin/next'), 'build', ...args],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ...environment, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    },
  );
  assert.equal(status, 0, stdout + stderr);
}

/** Follows redirects within the application. A redirect with status 308 keeps the method. */
export async function followRedirects(
  app: Pick<NextApp, 'origin'>,
  browser: HttpBrowser,
  path: string | URL,
  options: Visit = {},
): Promise<VisitedPage & { readonly visited: readonly string[] }> {
  const visited: string[] = [];
  let page: VisitedPage = await browser.visit(path, options);
  for (let isKept = true; page.location?.origin === app.origin && visited.length < 10; ) {
    visited.push(page.location.pathname + page.location.search);
    isKept &&= page.status === 307 || page.status === 308;
    page = await browser.visit(page.location, isKept ? options : {});
  }
  return { ...page, visited };
}
