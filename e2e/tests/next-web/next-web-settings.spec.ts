import { expect, test } from '@playwright/test';
import { findFreePort } from '../../../scripts/lib/processes/ports.ts';
import { openHttpBrowser } from '../../support/http-browser.ts';
import { startNextWeb } from '../../support/servers/apps/next-web.ts';

// The production build without its required settings.

test('one log entry names all missing settings, and pages reveal nothing and sign in no user', async () => {
  const port = await findFreePort();
  const environment = { AUTH_ISSUER: '', AUTH_CLIENT_ID: '', AUTH_SECRET: '', AUTH_BASE_URL: '' };
  const app = await startNextWeb({ port, issuer: '', environment, readyPath: '/icon.svg' });
  try {
    for (const path of ['/', '/profile', '/dashboard', '/api/summary', '/auth/login', '/auth/session']) {
      const { status, location, html, headers } = await openHttpBrowser(app.origin).visit(path);
      expect(status, path).toBe(500);
      expect(location, path).toBeUndefined();
      expect(headers['set-cookie'], path).toBeUndefined();
      expect(html, path).not.toMatch(/AUTH_|createAuth/);
    }
    for (const name of ['AUTH_ISSUER', 'AUTH_CLIENT_ID', 'AUTH_SECRET', 'AUTH_BASE_URL'])
      await expect
        .poll(() => app.output())
        .toMatch(new RegExp(`missing_option: Login is not configured\\. Set .*${name} `));
  } finally {
    await app.stop();
  }
});
