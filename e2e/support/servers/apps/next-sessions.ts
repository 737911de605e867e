import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { createTestAuthorizationServer, type TestAuthorizationServer } from '@countersign/testing';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { type HttpBrowser, openHttpBrowser } from '../../http-browser.ts';
import { buildNextSessions, type NextSessionsCopy } from './next-sessions-build.ts';
import { end, secret } from './next-web.ts';

function collectOutput({
  stdout,
  stderr,
}: ReturnType<typeof spawn>): Pick<NextSessions, 'output' | 'waitForOutput'> {
  let output = '';
  const writes = new EventEmitter();
  for (const stream of [stdout, stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk;
      writes.emit('write');
    });
  }
  return {
    output: () => output,
    async waitForOutput(pattern, since = 0) {
      const signal = AbortSignal.timeout(30_000);
      while (!pattern.test(output.slice(since)))
        await once(writes, 'write', { signal }).catch(() => assert.match(output.slice(since), pattern));
    },
  };
}

export interface NextSessions {
  readonly op: TestAuthorizationServer;
  /** The origin of the application server. */
  readonly origin: string;
  readonly output: () => string;
  /** Waits until the output from this position on matches. A log line can arrive later than the response. */
  readonly waitForOutput: (pattern: RegExp, since?: number) => Promise<void>;
  /**
   * Returns a browser that is signed in.
   *
   * @param host the host of its requests. Default: the host of the public origin.
   */
  readonly logIn: (user: string, host?: string) => Promise<HttpBrowser>;
  readonly open: (host?: string) => HttpBrowser;
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
  /** The application. Default: a build with the Next of the demo. */
  readonly copy?: NextSessionsCopy;
  /** Runs `next dev` with these arguments. Default: the built application runs. */
  readonly dev?: readonly string[];
  /** Handles API requests. Default: responds with `[]`. */
  readonly api?: (request: IncomingMessage, response: ServerResponse) => void;
}

const createServerOfTests = ({ accessTokenLifetime = 300, users = [] }: NextSessionsOptions) =>
  createTestAuthorizationServer({
    accessTokenLifetime,
    users: ['alice', 'bob', 'carol', ...users].map((sub) => ({ sub })),
    clients: [{ clientId: 'web', clientSecret: 'web-secret' }],
  });

/** Starts the application of `compatibility/next-sessions`, its provider and its API. */
export async function startNextSessions(options: NextSessionsOptions = {}): Promise<NextSessions> {
  const { basePath = '', dev } = options;
  const copy = options.copy ?? (await buildNextSessions(basePath));
  const port = options.port ?? (await findFreePort());
  const origin = `http://localhost:${port}`;
  const publicOrigin = options.publicOrigin ?? origin;
  const provider = options.op && { issuer: options.op.issuer, close: async () => {} };
  const op = options.op ?? (await createServerOfTests(options));
  const { issuer, close } = provider ?? (await op.listen());
  const apiPort = await findFreePort();
  const api = createServer(options.api ?? ((_, response) => response.end('[]'))).listen(apiPort, 'localhost');
  const args = [...(dev ? ['dev', ...dev] : ['start']), '-H', 'localhost', '-p', String(port)];
  const server = spawn(process.execPath, [copy.next, ...args], {
    cwd: copy.folder,
    env: {
      ...process.env,
      ...copy.environment,
      NODE_ENV: dev ? 'development' : 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      AUTH_ISSUER: issuer,
      AUTH_CLIENT_ID: 'web',
      AUTH_CLIENT_SECRET: 'web-secret',
      AUTH_SECRET: secret,
      AUTH_BASE_URL: publicOrigin + basePath,
      API_URL: `http://localhost:${apiPort}`,
      ...options.environment,
    },
  });
  const { output, waitForOutput } = collectOutput(server);
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= end(server).finally(() => {
      api.close();
      return close();
    });
    return stopped;
  };
  const open = (host?: string) => openHttpBrowser(publicOrigin, host);
  for (let tries = 0; tries < 300 && server.exitCode === null; tries++) {
    if ((await fetch(origin + basePath).catch(() => undefined))?.ok) {
      const logIn = async (user: string, host?: string) => {
        const browser = open(host);
        op.signIn(user);
        const { location } = await browser.visit(`${basePath}/auth/login`);
        const { url } = await op.authorize(location ?? '');
        const { status } = await browser.visit(url);
        if (status !== 303) throw new Error(`the login of ${user} failed with status ${status}`);
        return browser;
      };
      return { op, origin, output, waitForOutput, open, logIn, stop };
    }
    await delay(100);
  }
  await stop();
  throw new Error(`next-sessions did not respond at ${origin}:\n${output()}`);
}
