import 'reflect-metadata';
import { accessReport, formatAccessReport } from '@countersign/nest';
import { createApp } from './create-app.ts';
import { readSettings } from './settings.ts';

// Prints what a caller needs for each handler, and does not listen.
const app = await createApp(readSettings());
await app.init();
console.log(formatAccessReport(accessReport(app)));
await app.close();
