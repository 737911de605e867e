import { test } from '@playwright/test';
import { sessionRows } from '../../support/session-rows/index.ts';
import { type RowApp, startRowApp } from '../../support/session-rows/row.ts';

// The rows of sessions, on a production build with the Next of the demo. `compatibility/next-rows.check.ts` runs them on
// Next 15, and in development.

let app: RowApp;
test.beforeAll(async () => {
  test.setTimeout(300_000);
  app = await startRowApp();
});
test.afterAll(() => app?.stop());

for (const { title, check } of sessionRows) test(title, () => check(app));

test('S60: the process exits on SIGTERM after these tests', () => app.stop());
