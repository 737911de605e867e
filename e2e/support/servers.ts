import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type DemoApp, planDemo } from '../../scripts/lib/demo-apps.ts';
import { isPortFree } from '../../scripts/lib/ports.ts';
import { accessTokenLife, logs, recentLogin, requestLog, urls } from './environment.ts';

interface ServerOptions {
  /** Seconds. */
  readonly accessTokenLife?: number;
}

/** Starts the servers, built for production, and ends them after the last test. */
export default async function startServers(options: ServerOptions = {}): Promise<() => Promise<void>> {
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });
  writeFileSync(requestLog, '');
  const apps = [...planDemo().apps, renderedOnServer()];
  for (const { name, port } of apps) {
    if (!(await isPortFree(port)))
      throw new Error(`Port ${port}, on which ${name} is to be tested, is taken.`);
  }
  const servers = apps.map((app) => ({ app, process: start(app, options) }));
  const stop = async () => {
    for (const { process: server } of servers) server.kill('SIGTERM');
    await Promise.all(servers.map(({ process: server }) => ended(server)));
  };
  try {
    await Promise.all(servers.map(({ app, process: server }) => ready(app, server)));
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** The Angular app once more, from the same build. */
function renderedOnServer(): DemoApp {
  const spa = planDemo().apps.find(({ name }) => name === 'angular-spa');
  if (!spa) throw new Error('The demo has no angular-spa.');
  const { port, href: ready } = new URL(urls.angularSsr);
  const { env, ...command } = spa.command();
  const more = { ...env, ANGULAR_SPA_PORT: port, SERVER_RENDERING: '1' };
  return {
    ...spa,
    name: 'angular-ssr',
    port: Number(port),
    ready,
    command: () => ({ ...command, env: more }),
  };
}

function start(app: DemoApp, options: ServerOptions): ChildProcess {
  const { command, args = [], cwd, env } = app.command();
  const log = openSync(join(logs, `${app.name}.log`), 'w');
  const server = spawn(command, args, {
    cwd,
    env: {
      ...process.env,
      NEXT_TELEMETRY_DISABLED: '1',
      ...env,
      CORS_ORIGIN: `${urls.angularSpa},${urls.angularSsr}`,
      REQUEST_LOG: requestLog,
      ACCESS_TOKEN_LIFETIME: String(options.accessTokenLife ?? accessTokenLife),
      RECENT_LOGIN: String(recentLogin),
    },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  // Whatever ends this process ends the server.
  process.once('exit', () => server.kill('SIGKILL'));
  return server;
}

async function ready(app: DemoApp, server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) {
      throw new Error(`${app.name} ended at once:\n${readFileSync(join(logs, `${app.name}.log`), 'utf8')}`);
    }
    const answer = await fetch(app.ready).catch(() => undefined);
    if (answer?.ok) return;
    await delay(200);
  }
  throw new Error(`${app.name} did not answer at ${app.ready} within a minute.`);
}

async function ended(server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 50 && server.exitCode === null && server.signalCode === null; tries++)
    await delay(100);
  server.kill('SIGKILL');
}
