import assert from 'node:assert/strict';
import { data, type Row } from '../row.ts';
import { expectFailure } from '../support/expect-failure.ts';

/** For Next 15 only: Cache Components of Next 16 require `<Suspense>`, so that each page has begun when it fails. */
export const pageStatusRows: readonly Row[] = [
  {
    title:
      'a page of which nothing was sent has the status 500 while the store is unavailable, and names the code',
    async check(app) {
      const browser = await app.logIn('alice', app.findHost('stored'));
      for (const [path, status] of [
        ['/uncovered/without-shell', 500],
        ['/uncovered/items', 200],
      ] as const) {
        await app.setFaults({ get: 1_000_000 });
        const page = await browser.visit(path);
        await app.setFaults({});
        assert.equal(page.status, status, path);
        expectFailure(page, /store_unavailable/);
        assert.ok((await browser.visit(path)).html.includes(data), path);
      }
    },
  },
];
