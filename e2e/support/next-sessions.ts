import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createTestAuthorizationServer, type TestAuthorizationServer } from '@countersign/testing';
import { findFreePort } from '../../scripts/lib/ports.ts';
import { type HttpBrowser, openHttpBrowser } from './http-browser.ts';
import { end, secret } from './next-web.ts';

const nextWeb = join(import.meta.dirname, '../../apps/next-web');
const sources = join(import.meta.dirname, '../compatibility/next-sessions');
const next = createRequire(join(nextWeb, 'package.json')).resolve('next/dist/bin/next');

/** The builds of this process, by base path. */
const builds = new Map<string, Promise<string>>();

/** Builds the application of these tests once for each base path. Returns the folder. */
export function buildNextSessions(basePath = ''): Promise<string> {
  const known = builds.get(basePath);
  if (known) return known;
  const building = build(basePath);
  builds.set(basePath, building);
  return building;
}

async function build(basePath: string): Promise<string> {
  // A folder below next-web, where Node finds the dependencies.
  const folder = join(nextWeb, `.test/next-sessions${basePath.replaceAll('/', '-')}`);
  // Playwright starts another process after each failed test. It uses the same build.
  const inputs = hashInputs();
  const record = join(folder, '.next/inputs');
  if (existsSync(record) && readFileSync(record, 'utf8') === inputs) return folder;
  rmSync(folder, { recursive: true, force: true });
  cpSync(sources, folder, { recursive: true });
  const compiler = spawn(process.execPath, [next, 'build'], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', BASE_PATH: basePath },
  });
  const output = collect(compiler);
  const [code] = await once(compiler, 'exit');
  if (code !== 0) throw new Error(`next build failed:\n${output()}`);
  writeFileSync(record, inputs);
  return folder;
}

/** Hashes the sources of the application, and the built packages. */
function hashInputs(): string {
  const hash = createHash('sha256').update(next);
  const packages = ['core', 'next'].map((name) => join(nextWeb, 'node_modules/@countersign', name, 'dist'));
  for (const root of [sources, ...packages])
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      if (entry.isFile()) hash.update(file).update(readFileSync(file));
    }
  return hash.digest('base64url');
}

function collect({ stdout, stderr }: ReturnType<typeof spawn>): () => string {
  let output = '';
  for (const stream of [stdout, stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk;
    });
  }
  return () => output;
}

export interface NextSessions {
  readonly op: TestAuthorizationServer;
  /** The origin of the application server. */
  readonly origin: string;
  readonly output: () => string;
  /** Returns a browser that is signed in. */
  readonly logIn: (user: string) => Promise<HttpBrowser>;
  readonly open: () => HttpBrowser;
  /** Sends SIGTERM and waits until the process exits. */
  readonly stop: () => Promise<void>;
}

export interface NextSessionsOptions {
  /** The origin that browsers use. Default: the origin of the server. */
  readonly publicOrigin?: string;
  readonly port?: number;
  /** The base path of the application. Default: none. */
  readonly basePath?: string;
  /** Lifetime in seconds. Default: 300. */
  readonly accessTokenLifetime?: number;
  /** The provider of another process of the same application. Default: a new one. */
  readonly op?: TestAuthorizationServer;
  /** Additional environment variables, which override the defaults. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Users beside alice, bob and carol. Default: none. */
  readonly users?: readonly string[];
  /** Handles API requests. Default: responds with `[]`. */
  readonly api?: (request: IncomingMessage, response: ServerResponse) => void;
}

const createServerOfTests = ({ accessTokenLifetime = 300, users = [] }: NextSessionsOptions) =>
  createTestAuthorizationServer({
    accessTokenLifetime,
    users: ['alice', 'bob', 'carol', ...users].map((sub) => ({ sub })),
    clients: [{ clientId: 'web', clientSecret: 'web-secret' }],
  });

/** Starts the built application of `compatibility/next-sessions`, its provider and its API. */
export async function startNextSessions(options: NextSessionsOptions = {}): Promise<NextSessions> {
  const { basePath = '' } = options;
  const folder = await buildNextSessions(basePath);
  const port = options.port ?? (await findFreePort());
  const origin = `http://localhost:${port}`;
  const publicOrigin = options.publicOrigin ?? origin;
  const provider = options.op && { issuer: options.op.issuer, close: async () => {} };
  const op = options.op ?? (await createServerOfTests(options));
  const { issuer, close } = provider ?? (await op.listen());
  const apiPort = await findFreePort();
  const api = createServer(options.api ?? ((_, response) => response.end('[]'))).listen(apiPort, 'localhost');
  const server = spawn(process.execPath, [next, 'start', '-H', 'localhost', '-p', String(port)], {
    cwd: folder,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      AUTH_ISSUER: issuer,
      AUTH_CLIENT_ID: 'web',
      AUTH_CLIENT_SECRET: 'web-secret',
      AUTH_SECRET: secret,
      AUTH_BASE_URL: publicOrigin + basePath,
      BASE_PATH: basePath,
      API_URL: `http://localhost:${apiPort}`,
      ...options.environment,
    },
  });
  const output = collect(server);
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= end(server).then(() => {
      api.close();
      return close();
    });
    return stopped;
  };
  const open = () => openHttpBrowser(publicOrigin);
  for (let tries = 0; tries < 300 && server.exitCode === null; tries++) {
    if ((await fetch(origin + basePath).catch(() => undefined))?.ok) {
      const logIn = async (user: string) => {
        const browser = open();
        op.signIn(user);
        const { location } = await browser.visit(`${basePath}/auth/login`);
        const { url } = await op.authorize(location ?? '');
        const { status } = await browser.visit(url);
        if (status !== 303) throw new Error(`the login of ${user} failed with status ${status}`);
        return browser;
      };
      return { op, origin, output, open, logIn, stop };
    }
    await delay(100);
  }
  await stop();
  throw new Error(`next-sessions did not respond at ${origin}:\n${output()}`);
}
