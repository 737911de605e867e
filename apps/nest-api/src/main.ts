import 'reflect-metadata';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createApp } from './create-app.ts';
import { readSettings } from './settings.ts';

try {
  const settings = readSettings();
  const app = await createApp(settings);
  await app.init();
  // Node's own listen: a taken port is then one sentence below, without a stack trace in the log.
  const server: Server = app.getHttpServer();
  await once(server.listen(settings.port, 'localhost'), 'listening');
  console.log(`nest-api listens on http://localhost:${settings.port}, API page at /docs`);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.error(
    code === 'EADDRINUSE'
      ? 'nest-api cannot start: its port is taken; free it or choose another with NEST_API_PORT.'
      : `nest-api cannot start: ${message}`,
  );
  process.exit(1);
}
