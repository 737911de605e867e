import { basename } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { copyNextSessions, runBuild } from '../support/servers/apps/next-sessions-build.ts';
import { sessionRows } from '../support/session-rows/index.ts';
import { pageStatusRows } from '../support/session-rows/pages/page-status-rows.ts';
import { type RowApp, startRowApp } from '../support/session-rows/row.ts';

// The rows of sessions: on a production build of Next 15, and in development of Next 15 and 16.
// `next-sessions-rows.spec.ts` runs them on a production build of Next 16. In a short run, Next 15 does not run in
// development, and Next 16 runs there without the variations.

const folder = process.env.FIXTURE ?? '.';
const isNext15 = basename(folder).startsWith('next-15');
const isShort = process.env.SHORT !== undefined;
const rows = isNext15
  ? [...sessionRows, ...pageStatusRows]
  : sessionRows.filter(({ isVariation = false }) => !(isShort && isVariation));
const build = { name: 'next start' };
const development = { name: 'next dev', dev: [] };
const modes: readonly { readonly name: string; readonly dev?: readonly string[] }[] = isNext15
  ? [build, ...(isShort ? [] : [development])]
  : [development];

for (const { name, dev } of modes)
  describe(name, () => {
    let app: RowApp;
    before(async () => {
      const copy = copyNextSessions(folder);
      if (!dev) await runBuild(copy);
      app = await startRowApp({ copy, ...(dev && { dev }) });
    });
    after(() => app?.stop());
    for (const { title, check } of rows) test(title, () => check(app));
    test('S60: the process exits on SIGTERM after the rows', () => app.stop());
  });
