import 'reflect-metadata';
import { accessReport, formatAccessReport } from '@countersign/nest';
import { expect, test } from 'vitest';
import { createApp } from './create-app.ts';
import { readSettings } from './settings.ts';

/** A handler that is new, or that asks for something else, changes this test: its reviewers see who may call it. */
test('who may call what', async () => {
  const app = await createApp(
    readSettings({ ISSUER: 'https://login.example.test', ORIGIN: 'https://api.example.test' }),
  );
  await app.init();
  const report = formatAccessReport(accessReport(app));
  await app.close();
  expect(`\n${report}\n`).toMatchInlineSnapshot();
});
