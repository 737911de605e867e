import assert from 'node:assert/strict';
import type { VisitedPage } from '../../http-browser.ts';

/**
 * Expects that the user sees the failure of a page: an error status, or the error boundary in place of the part that failed.
 * Next then has sent the beginning of the page, and its status is 200. React passes the digest to `error.tsx`: the code of
 * the error. `next-sessions-rejected-refresh.spec.ts` shows the result in a browser.
 *
 * @param code the expected code of the error
 */
export function expectFailure({ status, html }: VisitedPage, code: RegExp): void {
  assert.ok(!html.includes('alice has'), html);
  if (status >= 400) {
    assert.match(html, code);
    return;
  }
  assert.equal(status, 200, html);
  const digest = /\$RX\("B:\d+","(\w+)"/.exec(html)?.[1];
  assert.match(digest ?? `no error boundary in ${html}`, code);
}
