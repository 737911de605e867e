import 'reflect-metadata';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createApp } from './create-app.ts';
import { formatHost, readSettings } from './settings.ts';

try {
  const settings = readSettings();
  const app = await createApp(settings);
  await app.init();
  // Not app.listen(), which logs a stack trace if the port is in use.
  const server: Server = app.getHttpServer();
  await once(server.listen(settings.port, settings.host), 'listening');
  console.log(`nest-api listens on http://${formatHost(settings.host)}:${settings.port}, API page at /docs`);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.error(
    code === 'EADDRINUSE'
      ? 'nest-api cannot start: the port is in use. Free it, or set NEST_API_PORT to another port.'
      : `nest-api cannot start: ${message}`,
  );
  process.exit(1);
}
