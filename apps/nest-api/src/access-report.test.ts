import 'reflect-metadata';
import { accessReport, formatAccessReport } from '@countersign/nest';
import { expect, test } from 'vitest';
import { createApp } from './create-app.ts';
import { readSettings } from './settings.ts';

/** A new handler or a changed requirement changes this snapshot, which is part of a review. */
test('lists the handlers and their requirements', async () => {
  const app = await createApp(
    readSettings({ ISSUER: 'https://login.example.test', ORIGIN: 'https://api.example.test' }),
  );
  await app.init();
  const report = formatAccessReport(accessReport(app));
  await app.close();
  expect(`\n${report}\n`).toMatchInlineSnapshot(`
    "
    http       GET /                      RootController.root            public
    http       GET /health                HealthController.health        public
    http       GET /health/access-tokens  HealthController.accessTokens  protected
    http       DELETE /items              ItemsController.clear          protected, scopes items:write, max age 300 s
    http       GET /items                 ItemsController.list           protected, scopes items:read
    http       POST /items                ItemsController.create         protected, scopes items:write
    http       GET /me                    MeController.me                protected
    http       GET /me/key                MeController.key               protected, policies (anonymous)
    http       GET /reports               ReportsController.report       protected, scopes reports:read
    graphql    Mutation.createItem        ItemsResolver.createItem       protected, scopes items:write
    graphql    Query.items                ItemsResolver.items            protected, scopes items:read
    websocket  items                      ItemsGateway.list              protected, scopes items:read
    "
  `);
});
