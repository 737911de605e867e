import 'reflect-metadata';
import { accessReport, formatAccessReport } from '@countersign/nest';
import { createApp } from './create-app.ts';
import { readSettings } from './settings.ts';

// Prints the handlers and their requirements. The application does not listen.
const app = await createApp(readSettings());
await app.init();
console.log(formatAccessReport(accessReport(app)));
await app.close();
