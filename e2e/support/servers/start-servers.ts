import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type DemoApp, planDemo } from '../../../scripts/lib/demo-apps.ts';
import { isPortFree } from '../../../scripts/lib/processes/ports.ts';
import { logs, recentLogin, requestLog, urls } from '../environment.ts';

interface ServerOptions {
  /** Lifetime in seconds. */
  readonly accessTokenLifetime: number;
  /** The names of the applications. Default: all. */
  readonly names?: readonly string[];
  /** Additional environment variables of all servers. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the production builds of servers. Returns a function that stops them. */
export async function startServers(options: ServerOptions): Promise<() => Promise<void>> {
  const { names } = options;
  rmSync(requestLog, { force: true });
  mkdirSync(logs, { recursive: true });
  writeFileSync(requestLog, '');
  const all = [...planDemo().apps, describeAngularSsr()];
  const apps = all.filter(({ name }) => names === undefined || names.includes(name));
  for (const { name, port } of apps) {
    if (!(await isPortFree(port))) throw new Error(`Port ${port} of ${name} is in use.`);
  }
  const servers = apps.map((app) => ({ app, process: start(app, options) }));
  const stop = async () => {
    for (const { process: server } of servers) server.kill('SIGTERM');
    await Promise.all(servers.map(({ process: server }) => waitForExit(server)));
  };
  try {
    await Promise.all(servers.map(({ app, process: server }) => waitUntilReady(app, server)));
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** Describes the Angular app with server rendering, which uses the same build. */
function describeAngularSsr(): DemoApp {
  const spa = planDemo().apps.find(({ name }) => name === 'angular-spa');
  if (!spa) throw new Error('The demo has no angular-spa.');
  const { port, href: ready } = new URL(urls.angularSsr);
  const { env, ...command } = spa.command();
  const environment = { ...env, ANGULAR_SPA_PORT: port, SERVER_RENDERING: '1' };
  return {
    ...spa,
    name: 'angular-ssr',
    port: Number(port),
    ready,
    command: () => ({ ...command, env: environment }),
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
      ACCESS_TOKEN_LIFETIME: String(options.accessTokenLifetime),
      RECENT_LOGIN: String(recentLogin),
      ...options.environment,
    },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  // The server ends with this process.
  process.once('exit', () => server.kill('SIGKILL'));
  return server;
}

async function waitUntilReady(app: DemoApp, server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) {
      throw new Error(`${app.name} exited at start:\n${readFileSync(join(logs, `${app.name}.log`), 'utf8')}`);
    }
    const response = await fetch(app.ready).catch(() => undefined);
    if (response?.ok) return;
    await delay(200);
  }
  throw new Error(`${app.name} did not respond at ${app.ready} within a minute.`);
}

async function waitForExit(server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 50 && server.exitCode === null && server.signalCode === null; tries++)
    await delay(100);
  server.kill('SIGKILL');
}
